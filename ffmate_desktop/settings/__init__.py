"""Every setting of the program, defined once in `table.py`, and where its value comes from."""
