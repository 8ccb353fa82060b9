"""The doors that the window and the command line go through: validate, then write."""
