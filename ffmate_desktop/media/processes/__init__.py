"""Starting processes, confining them, and ending them with everything they started."""
