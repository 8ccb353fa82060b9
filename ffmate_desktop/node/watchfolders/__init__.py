"""Scanning watchfolders, and what happens to originals afterwards."""
