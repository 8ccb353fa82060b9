"""Delegates: how the cells of the views are painted."""
