"""Painting shared by the rows of all tables."""
