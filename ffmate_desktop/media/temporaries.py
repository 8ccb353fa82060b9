"""Remove the unpublished temporary files of a task's claims: this one, older ones, and rivals."""

import os
import re
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

from ffmate_desktop import logs
from ffmate_desktop.media.output_plan import OutputPlan, prefix_of

_TAG = re.compile(r"[0-9a-f]{6}")


def discard(plan: OutputPlan) -> None:
    """Remove what this claim wrote and didn't publish. A lost claim must not touch the files of its successor."""
    _discard(plan.parents, plan.prefix, lambda epoch, tag: (epoch, tag) == (plan.epoch, plan.tag))


def discard_older(plan: OutputPlan) -> None:
    """Remove what earlier claims of the task left, by any node. Call it right after the claim."""
    if plan.epoch > 1:  # the first claim has no predecessor, and listing long folders takes time
        _discard(plan.parents, plan.prefix, lambda epoch, _: epoch < plan.epoch)


def discard_rivals(plan: OutputPlan) -> None:
    """Remove what other claims of the task left, so that a zombie finds nothing to publish.

    This includes another incarnation under the same epoch, if a failover lost one of the two claims. So call it right
    after the permission to publish, which proves that the database knows this claim.
    """
    own = (plan.epoch, plan.tag)
    _discard(plan.parents, plan.prefix, lambda epoch, tag: epoch <= plan.epoch and (epoch, tag) != own)


def discard_leftovers(task: str, epoch: int, folders: Iterable[Path]) -> tuple[int, bool]:
    """Remove what claims of a task (UUID) up to this epoch left in these folders.

    Return the number of removed files and folders, and whether every folder could be read.
    """
    return _discard(folders, prefix_of(task), lambda claim_epoch, _: claim_epoch <= epoch)


def _discard(
    folders: Iterable[Path], prefix: str, should_remove: Callable[[int, str], bool]
) -> tuple[int, bool]:
    removed, complete = 0, True
    for folder in folders:
        try:
            names = [name for name in os.listdir(folder) if name.startswith(prefix)]  # noqa: PTH208 - long folders
        except (FileNotFoundError, NotADirectoryError):
            complete = False
            continue
        except OSError as error:
            logs.task.warning("Can't remove temporary files in “%s”: %s", folder, error)
            complete = False
            continue
        for name in names:
            epoch, _, rest = name.removeprefix(prefix).partition("-")
            tag = rest.partition("-")[0]
            if epoch.isdecimal() and _TAG.fullmatch(tag) and should_remove(int(epoch), tag):
                remove_temporary(folder / name)
                removed += not os.path.lexists(folder / name)
    return removed, complete


def remove_temporary(path: Path) -> None:
    """Remove a temporary file or folder, if possible."""
    try:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    except OSError as error:  # Windows: a program has it open; the next owner of the task tries again
        logs.task.warning("Can't remove the temporary file “%s”: %s", path, error)
