"""Selects tasks by conditions: counts them, and reads them page by page. The conditions are in tasks.sql."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from ffmate_desktop.db.connection.connection import Database, storable
from ffmate_desktop.db.queries import query
from ffmate_desktop.db.task_view import by_status
from ffmate_desktop.domain.selection import SelectedTasks, TaskSelection


async def age_cutoff(database: Database, selection: TaskSelection) -> datetime | None:
    """The point in time that `older_than` means now, by the database's clock; None without it."""
    if selection.older_than is None:
        return None
    row = await database.fetch_one(query("tasks", "moment_ago"), selection.older_than)
    return None if row is None else row["moment"]


async def select(database: Database, selection: TaskSelection) -> SelectedTasks:
    """The tasks that meet the conditions now."""
    before = await age_cutoff(database, selection)
    rows = await database.fetch_planned(
        query("tasks", "count_chosen"), *condition_arguments(selection, before)
    )
    return SelectedTasks(
        selection,
        before,
        max((row["newest"] for row in rows), default=0),
        by_status((row["status"], row["tasks"]) for row in rows),
    )


async def page(database: Database, selected: SelectedTasks, after: int, limit: int) -> list[tuple[int, UUID]]:
    """A page of the tasks that still meet the conditions, by id, after the id `after`."""
    rows = await database.fetch_planned(
        query("tasks", "chosen_page"),
        *condition_arguments(selected.selection, selected.before),
        after,
        selected.newest,
        limit,
    )
    return [(row["id"], row["uuid"]) for row in rows]


def condition_arguments(selection: TaskSelection, before: datetime | None) -> tuple[object, ...]:
    """The parameters $1 to $7 of the fragment `chosen`."""
    return (
        selection.batch,
        [str(status) for status in selection.statuses] or None,
        before,
        [storable(word.lower()) for word in selection.presets] or None,
        [storable(name) for name in selection.nodes] or None,
        [storable(label) for label in selection.labels] or None,
        [storable(pattern) for pattern in _patterns(selection.names)] or None,
    )


def _patterns(names: Sequence[str]) -> list[str]:
    """Translate `*` and `?` to the wildcards of ILIKE."""
    special = str.maketrans({"\\": "\\\\", "%": "\\%", "_": "\\_", "*": "%", "?": "_"})
    return [name.translate(special) for name in names]
