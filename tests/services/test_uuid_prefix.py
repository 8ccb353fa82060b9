"""A task or batch can be named by the beginning of its UUID, as long as it is unique."""

from dataclasses import replace
from uuid import UUID

import pytest

from ffmate_desktop.db import tasks
from ffmate_desktop.db.connection.connection import Database
from ffmate_desktop.domain.errors import UsageError, UserError
from ffmate_desktop.services.uuid_prefix import resolve_uuid_prefix
from tests.db.cluster import add, row

pytestmark = pytest.mark.db

ONE = UUID("abc00000-0000-4000-8000-000000000001")
OTHER = UUID("abcd0000-0000-4000-8000-000000000002")


@pytest.mark.parametrize(
    ("beginning", "found"),
    [
        (str(ONE), ONE),
        (" ABCD ", OTHER),
        ("abc0-0", ONE),
        ("abc", "More than one task begins with abc. Enter more of the UUID."),
        ("e", "No task begins with e. There."),
    ],
)
async def test_a_uuid_prefix_is_enough(database: Database, beginning: str, found: UUID | str) -> None:
    await add(database, replace(row("one"), uuid=ONE), replace(row("other"), uuid=OTHER))
    resolving = resolve_uuid_prefix(database, tasks.find_uuid, beginning, what="task", hint="There.")
    if isinstance(found, UUID):
        assert await resolving == found
        return
    with pytest.raises(UserError) as caught:
        await resolving
    assert str(caught.value) == found


@pytest.mark.parametrize("beginning", ["", " ", "x", "abcg", "0" * 33])
async def test_text_that_cannot_start_a_uuid_is_refused(database: Database, beginning: str) -> None:
    with pytest.raises(UsageError, match="isn't the beginning of a UUID"):
        await resolve_uuid_prefix(database, tasks.find_uuid, beginning, what="task", hint="")
