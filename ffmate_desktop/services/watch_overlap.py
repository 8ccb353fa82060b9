"""Watchfolders that look at the same files, so that each of these gets several tasks: as far as settings can tell."""

from ffmate_desktop.domain.paths import output_key
from ffmate_desktop.domain.watch_rules import folded
from ffmate_desktop.domain.watchfolder import WatchfolderSettings
from ffmate_desktop.services.watch_drafts import rules_of


def overlap(one: WatchfolderSettings, other: WatchfolderSettings) -> bool:
    """Whether one enters the folder of the other, and both may want the same files there."""
    return _may_share(one, other) and (_enters(one, other.path) or _enters(other, one.path))


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
    """Two lists of endings without a common one share nothing; of patterns nobody can tell."""
    mine, theirs = _endings(one), _endings(other)
    return mine is None or theirs is None or not mine.isdisjoint(theirs)


def _endings(settings: WatchfolderSettings) -> set[str] | None:
    wanted = settings.filter
    endings = {
        folded(ending.strip().removeprefix("*").removeprefix(".")) for ending in wanted.extensions.include
    }
    return None if wanted.globs.include or not endings or "" in endings else endings
