"""The watchfolders page."""
