"""From dropped files to queued tasks."""
