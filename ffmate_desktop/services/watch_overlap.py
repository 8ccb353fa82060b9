"""Finds watchfolders that would queue the same files, as far as their settings show it."""

from collections.abc import Sequence
from uuid import UUID

from ffmate_desktop.domain.paths import output_key
from ffmate_desktop.domain.watch_rules import folded
from ffmate_desktop.domain.watchfolder import Watchfolder, WatchfolderSettings
from ffmate_desktop.services.watch_drafts import rules_of


def overlap(one: WatchfolderSettings, other: WatchfolderSettings) -> bool:
    """Whether one scans the folder of the other, and both may queue the same files there."""
    return _may_share(one, other) and (_enters(one, other.path) or _enters(other, one.path))


def overlapping_names(folders: Sequence[Watchfolder]) -> dict[UUID, tuple[str, ...]]:
    """Watchfolder → the names of those that overlap with it. Suspended ones don't count.

    Fast for hundreds of watchfolders.
    """
    folders = [folder for folder in folders if not folder.suspended]
    at: dict[tuple[str, ...], list[Watchfolder]] = {}
    parts = {folder.uuid: tuple(_parts(folder.path)) for folder in folders}
    for folder in folders:
        at.setdefault(parts[folder.uuid], []).append(folder)
    found: dict[UUID, dict[UUID, str]] = {}
    for inner in folders:
        path = parts[inner.uuid]
        for outer in (one for depth in range(len(path) + 1) for one in at.get(path[:depth], ())):
            if outer.uuid != inner.uuid and overlap(outer, inner):
                found.setdefault(inner.uuid, {})[outer.uuid] = outer.name
                found.setdefault(outer.uuid, {})[inner.uuid] = inner.name
    return {uuid: tuple(sorted(names.values())) for uuid, names in found.items()}


def _enters(outer: WatchfolderSettings, path: str) -> bool:
    root, inner = _parts(outer.path), _parts(path)
    below = inner[len(root) :]
    if inner[: len(root)] != root:
        return False
    if not below:
        return True
    rules = rules_of(outer)
    return all(rules.enters("/".join(below[: depth + 1]), name) for depth, name in enumerate(below))


def _parts(path: str) -> list[str]:
    return output_key(path).rstrip("/").split("/")


def _may_share(one: WatchfolderSettings, other: WatchfolderSettings) -> bool:
    """False only if both list extensions and have none in common; patterns may match anything."""
    mine, theirs = _extensions(one), _extensions(other)
    return mine is None or theirs is None or not mine.isdisjoint(theirs)


def _extensions(settings: WatchfolderSettings) -> set[str] | None:
    wanted = settings.filter
    endings = {
        folded(ending.strip().removeprefix("*").removeprefix(".")) for ending in wanted.extensions.include
    }
    return None if wanted.globs.include or not endings or "" in endings else endings
