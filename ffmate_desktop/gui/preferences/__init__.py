"""The settings dialog, and applying new settings to the running program."""
