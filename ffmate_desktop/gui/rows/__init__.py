"""What the rows of all tables are painted with."""
