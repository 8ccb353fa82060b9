"""Removes what claims of a task wrote beside its outputs and did not publish: our own, older ones, and rivals."""

import os
import re
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

from ffmate_desktop import logs
from ffmate_desktop.media.output_plan import OutputPlan, prefix_of

_TAG = re.compile(r"[0-9a-f]{6}")


def discard(plan: OutputPlan) -> None:
    """Removes what this claim of the task wrote and did not publish; a lost claim must not touch its successor's."""
    _discard(plan.parents, plan.prefix, lambda epoch, tag: (epoch, tag) == (plan.epoch, plan.tag))


def discard_older(plan: OutputPlan) -> None:
    """Removes what earlier claims of the same task left behind, whoever held them; right after the claim."""
    if plan.epoch > 1:  # before the first claim there was none; folders may be long
        _discard(plan.parents, plan.prefix, lambda epoch, _: epoch < plan.epoch)


def discard_rivals(plan: OutputPlan) -> None:
    """Removes what other claims of the task left, so that a zombie finds nothing to publish.

    Also those of another incarnation under the same epoch, one of which a failover forgot: call it right after the
    permission to publish, which proves that it was not this one.
    """
    own = (plan.epoch, plan.tag)
    _discard(plan.parents, plan.prefix, lambda epoch, tag: epoch <= plan.epoch and (epoch, tag) != own)


def discard_leftovers(task: str, epoch: int, folders: Iterable[Path]) -> tuple[int, bool]:
    """Removes what claims of a task (UUID) up to this epoch left in these folders.

    Returns how many files and folders went, and whether every folder could be looked into.
    """
    return _discard(folders, prefix_of(task), lambda found, _: found <= epoch)


def _discard(folders: Iterable[Path], prefix: str, is_doomed: Callable[[int, str], bool]) -> tuple[int, bool]:
    removed, complete = 0, True
    for folder in folders:
        try:
            ours = [name for name in os.listdir(folder) if name.startswith(prefix)]  # noqa: PTH208 - long folders
        except (FileNotFoundError, NotADirectoryError):
            complete = False
            continue
        except OSError as error:
            logs.task.warning("Can't remove temporary files in “%s”: %s", folder, error)
            complete = False
            continue
        for name in ours:
            epoch, _, rest = name.removeprefix(prefix).partition("-")
            tag = rest.partition("-")[0]
            if epoch.isdecimal() and _TAG.fullmatch(tag) and is_doomed(int(epoch), tag):
                remove(folder / name)
                removed += not os.path.lexists(folder / name)
    return removed, complete


def remove(path: Path) -> None:
    """Removes a file or a folder of ours, if it can be."""
    try:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    except OSError as error:  # Windows: somebody has it open; the next owner of the task tries again
        logs.task.warning("Can't remove the temporary file “%s”: %s", path, error)
