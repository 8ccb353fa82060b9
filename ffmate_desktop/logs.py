"""Named loggers by topic: every module takes the one that fits, and `--debug` chooses what is shown."""

import logging

root = logging.getLogger("ffmate")
task = root.getChild("task")
cluster = root.getChild("cluster")
database = root.getChild("database")
ffmpeg = root.getChild("ffmpeg")
