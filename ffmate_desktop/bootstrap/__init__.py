"""Builds objects and connects them; no logic."""
