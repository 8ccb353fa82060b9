"""stdout that cannot be written: a full disk, a reader that has left, a closed stream. The work counts."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ffmate_desktop.cli.output import LostOutputError, Output
from tests.end_to_end.clerk import PATIENCE, environment

FULL = Path("/dev/full")
needs_full = pytest.mark.skipif(not FULL.exists(), reason="only Linux has /dev/full")


@pytest.fixture
def full() -> Iterator[int]:
    """A stream on a full disk."""
    descriptor = os.open(FULL, os.O_WRONLY)
    yield descriptor
    os.close(descriptor)


@needs_full
@pytest.mark.parametrize("command", ["ffmate-desktop tasks list", "ffmate-desktop doctor", "ffmate-desktop"])
def test_a_command_that_only_shows_ends_with_the_reason(full: int, command: str) -> None:
    output = Output(full, needed=True)
    output.belongs_to(command)
    assert output.write(b"") == 0  # click asks so whether bytes are taken
    with pytest.raises(LostOutputError, match=r"can't be written: No space left on device\.") as caught:
        output.write(b"text")
    assert caught.value.is_wanted
    assert output.write(b"what is flushed at the end") == 26
    assert output.lost() == ""


@needs_full
@pytest.mark.parametrize("command", ["submit", "tasks cancel", "presets add", "server", "demo"])
def test_a_command_that_does_something_goes_on_and_says_so(full: int, command: str) -> None:
    output = Output(full, needed=True)
    output.belongs_to(f"ffmate-desktop {command}")
    assert output.write(b"text") == 4
    done = "The tasks are queued." if command == "submit" else "The command itself succeeded."
    assert output.lost() == f"The output can't be written: No space left on device. {done}"


def test_a_reader_that_has_seen_enough_is_no_trouble() -> None:
    read, write = os.pipe()
    os.close(read)
    for command in ("list", "submit"):
        output = Output(write, needed=True)
        output.belongs_to(command)
        try:
            output.write(b"text")
        except LostOutputError as error:
            assert command == "list"
            assert not error.is_wanted
        assert output.lost() == ""
    os.close(write)


@needs_full
@pytest.mark.db
@pytest.mark.end_to_end
def test_the_program_says_one_line(database_uri: str, tmp_path: Path) -> None:
    """`tasks list` is for its output. `submit` has queued, and a script must not repeat it."""
    (tmp_path / "a.mov").touch()
    variables = {"FFMATE_DATABASE": database_uri, "FFMATE_DATA_DIR": str(tmp_path / "data")}
    queueing = ["submit", "--command", "-i ${INPUT_FILE} ${OUTPUT_FILE}", "--output", "out.mp4", "a.mov"]
    with FULL.open("wb") as full:
        for words, stream, code, said in (
            (queueing, {"stdout": full}, 0, "No space left on device. The tasks are queued."),
            (["tasks", "list", "--json"], {"stdout": full}, 1, "No space left on device."),
            (["tasks", "list"], {"stdout": None}, 1, "Bad file descriptor."),
        ):
            variables["PYTHONUNBUFFERED"] = "1" if "--json" in words else ""
            ended = subprocess.run(
                [sys.executable, "-m", "ffmate_desktop", *words],
                env=environment(variables), cwd=tmp_path, timeout=PATIENCE, check=False, text=True,
                stderr=subprocess.PIPE, preexec_fn=None if stream["stdout"] else lambda: os.close(1), **stream,
            )  # fmt: skip
            lines = [line for line in ended.stderr.splitlines() if not line.startswith("No node is running")]
            assert (ended.returncode, lines) == (
                code,
                [f"ffmate-desktop: The output can't be written: {said}"],
            )
