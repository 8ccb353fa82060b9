"""Finds watchfolders that would queue the same files, as far as their settings show it."""

from collections.abc import Sequence
from uuid import UUID

from ffmate_desktop.domain.paths import output_key
from ffmate_desktop.domain.watch_rules import folded
from ffmate_desktop.domain.watchfolder import Watchfolder, WatchfolderSettings
from ffmate_desktop.services.watch_drafts import rules_of


def overlap(first: WatchfolderSettings, second: WatchfolderSettings) -> bool:
    """Whether one scans the folder of the other, and both may queue the same files there."""
    return _may_share(first, second) and (_enters(first, second.path) or _enters(second, first.path))


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
        for outer in (candidate for depth in range(len(path) + 1) for candidate in at.get(path[:depth], ())):
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


def _may_share(first: WatchfolderSettings, second: WatchfolderSettings) -> bool:
    """False only if both list extensions and have none in common; patterns may match anything."""
    extensions, others = _extensions(first), _extensions(second)
    return extensions is None or others is None or not extensions.isdisjoint(others)


def _extensions(settings: WatchfolderSettings) -> set[str] | None:
    rules = settings.filter
    endings = {
        folded(ending.strip().removeprefix("*").removeprefix(".")) for ending in rules.extensions.include
    }
    return None if rules.globs.include or not endings or "" in endings else endings
