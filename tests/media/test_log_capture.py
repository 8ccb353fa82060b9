"""Capture the output of processes: lines from any bytes, bounded memory, a bounded file."""

import asyncio
import tempfile
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ffmate_desktop.media.log_capture import MAX_LINE, LineSplitter, LogCapture

if TYPE_CHECKING:
    from tests.expected_warnings import ExpectedWarnings

blocks = st.lists(
    st.sampled_from([b"\r", b"\n", b"\0", b"\xff", b"a", "é€😀".encode(), b" "]) | st.binary(max_size=9)
)


def split(*parts: bytes) -> list[str]:
    splitter = LineSplitter()
    return [line for part in parts for line in splitter.feed(part)] + splitter.end()


@pytest.mark.parametrize(
    ("data", "lines"),
    [
        (b"", []),
        (b"one\ntwo\n", ["one", "two"]),
        (b"no end", ["no end"]),
        (b"\n\n", ["", ""]),
        (b"windows\r\nlines\r\n", ["windows", "lines"]),
        (b"frame 1\rframe 2\rframe 3\ndone", ["frame 3", "done"]),
        (b"frame 1\rframe 2\r", ["frame 2"]),
        (b"\xff broken \xc3", ["\ufffd broken \ufffd"]),
        (b"zero\0byte", ["zero\ufffdbyte"]),
    ],
)
def test_output_is_split_into_lines(data: bytes, lines: list[str]) -> None:
    assert split(data) == lines


@given(blocks.map(b"".join), st.lists(st.integers(0, 500)))
def test_any_chunking_gives_the_same_lines(data: bytes, cuts: list[int]) -> None:
    parts = [data[start:end] for start, end in pairwise([0, *sorted(cuts), len(data) + 500])]
    assert split(*parts) == split(data)


@pytest.mark.parametrize("size", [997, MAX_LINE - 1, MAX_LINE, MAX_LINE + 2, 65536, 200_000])
def test_a_long_line_is_continued_without_loss_or_broken_characters(size: int) -> None:
    text = "é" + "€uro " * 30_000
    data = text.encode()
    lines = split(*(data[start : start + size] for start in range(0, len(data), size)))
    assert "".join(lines) == text
    assert all(len(line.encode()) <= MAX_LINE for line in lines)


def test_a_line_that_is_overwritten_for_hours_uses_no_memory() -> None:
    splitter = LineSplitter()
    for frame in range(10_000):
        assert splitter.feed(b"frame %d\r" % frame) == []
    assert len(splitter._rest) < 20
    assert splitter.end() == ["frame 9999"]


def test_memory_keeps_the_first_and_the_last_lines() -> None:
    log = LogCapture()
    log.feed(b"".join(b"%d\n" % n for n in range(264)))
    assert (len(log.lines()), log.left_out) == (264, 0)
    log.feed(b"".join(b"%d\n" % n for n in range(264, 1000)))
    assert log.lines() == [str(n) for n in (*range(64), *range(800, 1000))]
    assert log.left_out == 736


def test_memory_keeps_the_first_errors_in_between() -> None:
    log = LogCapture()
    for number in range(1000):
        log.feed(f"[{'error' if 400 <= number < 500 else 'info'}] {number}\n".encode())
    kept = [int(line.partition(" ")[2]) for line in log.lines()]
    assert kept == [*range(64), *range(400, 464), *range(800, 1000)]
    assert log.left_out == 1000 - len(kept)


def test_on_lines_is_called_once_per_block_with_new_lines() -> None:
    news: list[list[str]] = []
    log = LogCapture(on_lines=news.append)
    for block in (b"one\ntwo\nthr", b"e", b"e\n", b"rest"):
        log.feed(block)
    log.end_line()
    log.end_line()
    assert news == [["one", "two"], ["three"], ["rest"]]


def test_a_note_has_its_own_lines() -> None:
    log = LogCapture()
    log.feed(b"begun")
    log.note("$ ffmpeg -i \udcff.mp4\nsecond")
    assert log.lines() == ["begun", "$ ffmpeg -i \ufffd.mp4", "second"]


async def test_the_file_is_complete_and_replaces_an_older_one(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "task.log"
    for attempt in ("first", "second"):
        log = LogCapture(path)
        log.note(attempt)
        log.feed("ü\r\nend".encode() + b"\xff")
        await log.close()
        assert path.read_text("utf-8") == f"{attempt}\nü\nend\ufffd\n"


async def test_lines_reach_the_disk_while_the_task_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ffmate_desktop.media.log_capture.WRITE_DELAY", 0.001)
    log = LogCapture(tmp_path / "log")
    text = ""
    for number in range(3):
        log.feed(b"line %d\n" % number)
        text += f"line {number}\n"
        async with asyncio.timeout(20):
            while not (tmp_path / "log").exists() or (tmp_path / "log").read_text() != text:
                await asyncio.sleep(0.002)
    log.feed(b"last\n")
    await log.close()
    await log.close()
    assert (tmp_path / "log").read_text() == text + "last\n"


@settings(deadline=None)
@given(st.integers(1000, 20_000), st.lists(st.integers(0, 300), max_size=400))
def test_the_file_stays_below_its_limit_and_keeps_both_ends(limit: int, widths: list[int]) -> None:
    written = [f"{number}:".ljust(width, "x") for number, width in enumerate(widths)]

    async def write(path: Path) -> None:
        log = LogCapture(path, disk_limit=limit)
        for line in written:
            log.feed(line.encode() + b"\n")
        await log.close()

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "log")
        asyncio.run(write(path))
        lines = path.read_text().splitlines() if widths else []
        assert not widths or path.stat().st_size <= limit
    marks = [
        number for number, line in enumerate(lines) if line.endswith("lines left out: the log is too long]")
    ]
    if not marks:
        assert lines == written
    else:
        (mark,) = marks
        after = len(lines) - mark - 1
        assert lines[:mark] == written[:mark]
        assert lines[mark + 1 :] == written[len(written) - after :]
        assert lines[mark].startswith(f"[{len(written) - mark - after} ")


async def test_a_disk_error_only_costs_the_log_file(
    tmp_path: Path, expected_warnings: "ExpectedWarnings"
) -> None:
    expected_warnings.expect(r"log .* is incomplete")
    (tmp_path / "file").touch()
    log = LogCapture(tmp_path / "file" / "log")
    log.feed(b"line\n")
    await log.close()
    assert log.lines() == ["line"]
