"""The logs page."""
