"""Slots: how many tasks a node runs at once."""

MAX_SLOTS = 1000
