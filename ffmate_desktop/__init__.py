"""FFmate Desktop: one queue of ffmpeg tasks, worked on by every computer that joins."""

__version__ = "0.1.0"
