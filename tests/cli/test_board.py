"""What people read while they wait: figures, lines and the board."""

import asyncio
import io
from collections.abc import AsyncIterator
from uuid import UUID

import pytest
from rich.console import Console

from ffmate_desktop.cli.board import show_until_done
from ffmate_desktop.cli.text import ago, format_duration, format_size, printable
from ffmate_desktop.domain.task import Client, Task, TaskStatus
from ffmate_desktop.domain.wire import RawResolved


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.04, "0.0 s"), (59.9, "59.9 s"), (60, "1:00"), (187, "3:07"), (3729, "1:02:09")]
)
def test_durations(seconds: float, text: str) -> None:
    assert format_duration(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(-1, "0 s ago"), (89, "89 s ago"), (300, "5 min ago"), (7200, "2 h ago"), (345_600, "4 d ago")],
)
def test_ages(seconds: float, text: str) -> None:
    assert ago(seconds) == text


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0 B"), (1023, "1023 B"), (1536, "1.5 KiB"), (5 * 1024**4, "5.0 TiB")]
)
def test_sizes(count: int, text: str) -> None:
    assert format_size(count) == text


def test_no_file_name_can_break_the_terminal() -> None:
    assert printable("a\x1b[31m\n\udcff.mov") == "a?[31m??.mov"


def task(number: int, status: TaskStatus, **changes: object) -> Task:
    given: dict[str, object] = {
        "id": number,
        "uuid": UUID(int=number),
        "version": 1,
        "epoch": 1,
        "attempts": 1,
        "name": f"[bold]{number}.mov",
        "status": status,
        "command": RawResolved(raw="-i"),
        "input_file": RawResolved(raw="/a"),
        "output_file": RawResolved(raw="/b", resolved=f"/out/{number}.mp4"),
        "priority": 0,
        "progress": 0.0,
        "remaining": -1.0,
        "source": "cli",
        "created_at": 0,
        "updated_at": 0,
        "started_at": 1000,
        "finished_at": 3500,
        "client": Client(identifier="a"),
    }
    return Task.model_validate(given | changes)


async def story() -> AsyncIterator[list[Task]]:
    yield [task(1, TaskStatus.QUEUED), task(2, TaskStatus.PRE_PROCESSING)]
    yield [task(1, TaskStatus.QUEUED), task(2, TaskStatus.RUNNING, progress=10.0)]
    yield [task(1, TaskStatus.RUNNING), task(2, TaskStatus.RUNNING, progress=90.0, speed=2.0, fps=50.0)]
    yield [
        task(1, TaskStatus.DONE_SUCCESSFUL, progress=100.0, size=2048),
        task(2, TaskStatus.DONE_ERROR, error="It broke. Mend it.\nline"),
    ]


async def test_lines_tell_each_status_once() -> None:
    out = io.StringIO()
    last = await show_until_done(Console(file=out, width=60), story())
    assert out.getvalue().splitlines() == [
        "queued    [bold]1.mov",
        "running   [bold]2.mov on a",
        "running   [bold]1.mov on a",
        "done      [bold]1.mov on a → /out/1.mp4 (2.0 KiB, 2.5 s)",
        "failed    [bold]2.mov on a: It broke. Mend it.",
    ]
    assert [task.status for task in last] == [TaskStatus.DONE_SUCCESSFUL, TaskStatus.DONE_ERROR]


async def test_the_board_ends_with_a_count() -> None:
    out = io.StringIO()
    await show_until_done(Console(file=out, force_terminal=True, width=100, height=30), story())
    text = out.getvalue()
    assert "[bold]1.mov" in text
    assert "2 tasks" in text
    assert "1 done" in text
    assert "1 failed" in text


async def test_the_board_stays_after_an_interruption() -> None:
    async def interrupted() -> AsyncIterator[list[Task]]:
        yield [task(1, TaskStatus.RUNNING, progress=42.0)]
        raise asyncio.CancelledError

    out = io.StringIO()
    with pytest.raises(asyncio.CancelledError):
        await show_until_done(Console(file=out, force_terminal=True, width=100, height=30), interrupted())
    assert "1 running" in out.getvalue().rpartition("\x1b[2K")[2]


async def test_quiet_shows_nothing() -> None:
    out = io.StringIO()
    assert len(await show_until_done(Console(file=out), story(), quiet=True)) == 2
    assert out.getvalue() == ""
