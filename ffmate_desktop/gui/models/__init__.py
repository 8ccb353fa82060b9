"""Models: what the views show, a window of it at a time."""
