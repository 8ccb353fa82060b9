"""Start processes, confine them, and end them with everything that they started."""
