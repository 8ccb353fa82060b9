"""The settings of the window: their dialog, and living with other ones at once."""
