"""ffmpeg and every other process that the program starts for the user."""
