"""Views and the parts of the main window."""
