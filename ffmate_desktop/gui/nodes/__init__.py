"""The nodes page, and this computer's node in the sidebar."""
