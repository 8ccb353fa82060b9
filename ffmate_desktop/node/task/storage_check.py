"""Checks that the storage of a task is reachable from this node, before anything is written."""

from pathlib import Path

from ffmate_desktop.domain.errors import RetryElsewhereError
from ffmate_desktop.domain.task import TaskSpec
from ffmate_desktop.media.mounts import is_connected


def check_task_storage(spec: TaskSpec, output: str) -> None:
    """Reads the file system; raises RetryElsewhereError if the input or the mount of the output is missing."""
    if not Path(spec.input).exists():
        raise RetryElsewhereError(
            f"The input “{spec.input}” doesn't exist.",
            "It was moved or deleted, or its storage isn't connected.",
            everywhere_message=f"No node can read “{spec.input}”: it doesn't exist on {{nodes}}.",
        )
    mount = spec.output_mount
    # As root, a node could make the folder of a share that isn't mounted, and fill its own disk.
    if mount and Path(mount) in Path(output).parents and not is_connected(mount):
        raise RetryElsewhereError(
            f"The storage of the output, “{mount}”, isn't connected.",
            "It is a mount point on the computer that submitted the task.",
            everywhere_message=f"The storage “{mount}” isn't connected on {{nodes}}.",
        )
