"""What people get wrong: one clear sentence, exit code 1 or 2, and nothing is queued."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.end_to_end.clerk import Clerk
from tests.end_to_end.program import Program
from tests.end_to_end.scram import Scram, free_port, open_scram

pytestmark = [pytest.mark.end_to_end, pytest.mark.slow, pytest.mark.db, pytest.mark.ffmpeg]

COPY = "-i ${INPUT_FILE} -c copy ${OUTPUT_FILE}"
OUT = "${INPUT_FILE_DIR}/out.mp4"


@pytest.fixture(scope="module", autouse=True)
def server(home: Path) -> Iterator[Program]:
    """A node keeps the embedded server up, so that no command has to start it."""
    program = Program(home, "--data-dir", str(home / "data"))
    program.node("keeper", "--label", "keeper")
    yield program
    program.leave()


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (("missing.mov", "--preset", "Copy into MP4"), 1, "The file “{folder}/missing.mov” doesn't exist."),
        ((".", "--preset", "Copy into MP4"), 1, "“{folder}” is a folder, not a file."),
        (("clip.mov", "--preset", "copy in mp4"), 1, "Did you mean “Copy into MP4”?"),
        (("clip.mov",), 2, "What should be done with the files?"),
        (("clip.mov", "--command", COPY), 2, "the task has no output"),
        (("clip.mov", "--command", '-i "${INPUT_FILE} x.mp4', "--output", OUT), 2, "quot"),
        (("clip.mov", "--command", "-i ${INPUT_FIEL} ${OUTPUT_FILE}", "--output", OUT), 2, "INPUT_FILE"),
        (("clip.mov", "--command", COPY + " | cat", "--output", OUT), 2, "|"),
        (("clip.mov", "--command", COPY, "--output", "clip.mov", "--if-exists", "replace"), 1, "own input"),
        (("clip.mov", "--command", COPY, "--output", "clip.mov/x.mp4"), 1, "clip.mov"),
        (("clip.mov", "--command", COPY, "--output", "."), 2, "is a folder"),
        (("clip.mov", "--command", COPY, "--output", OUT, "--label", "a b;"), 2, "isn't a valid label"),
    ],
)
def test_a_task_that_could_never_run_is_refused(
    program: Program, clerk: Clerk, clip: Path, arguments: tuple[str, ...], code: int, sentence: str
) -> None:
    where = Program(clip.parent, *program.options, clerk=clerk)
    found = where.refused("submit", *arguments)
    assert found[0] == code
    assert sentence.format(folder=clip.parent) in found[1]
    assert program.look("tasks", "list") == []


def test_a_second_mistake_does_not_queue_the_first_file(program: Program, clip: Path) -> None:
    code, sentence = program.refused("submit", str(clip), str(clip) + "x", "--preset", "Copy into MP4")
    assert (code, sentence) == (1, f"The file “{clip}x” doesn't exist.")
    assert program.look("tasks", "list") == []


@pytest.mark.parametrize("action", ["show", "cancel", "pause", "resume", "restart", "delete", "log"])
def test_a_task_that_does_not_exist_is_named(program: Program, action: str) -> None:
    code, sentence = program.refused("tasks", action, "abcdef")
    assert code == 1
    assert sentence.startswith("No task begins with abcdef.")


def test_a_node_that_does_not_exist_is_named(program: Program) -> None:
    code, sentence = program.refused("nodes", "drain", "keepr")
    assert (code, sentence) == (1, "No node named “keepr” is online. Did you mean “keeper”?")


def test_an_ffmpeg_that_is_none_is_refused(program: Program, tmp_path: Path) -> None:
    plain = tmp_path / "ffmpeg"
    plain.write_text("not a program")
    for path in (plain, tmp_path / "missing"):
        code, sentence = program.refused("--no-gui", "--identifier", "x", "--ffmpeg", str(path))
        assert code == 1
        assert str(path) in sentence
    assert [node["identifier"] for node in program.look("nodes", "list")] == ["keeper"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has access lists instead of permission bits")
def test_an_output_folder_that_may_not_be_written(home: Path, scram: Scram, clip: Path) -> None:
    powerless: tuple[str, ...] = ()
    if os.geteuid() == 0:  # root may write everywhere; without its capabilities it is a user like others
        if shutil.which("setpriv") is None:
            pytest.skip("setpriv isn't installed, so root keeps its rights")
        powerless = ("setpriv", "--bounding-set=-all", "--inh-caps=-all")
    folder = clip.with_name("closed")
    folder.mkdir(mode=0o555)
    code, sentence = Program(home, "--database", scram.uri(), prefix=powerless).refused(
        "submit", str(clip), "--command", COPY, "--output", f"{folder}/out.mp4"
    )
    assert code == 1
    assert sentence.startswith(f"This user isn't allowed to write “{folder}”.")


@pytest.fixture(scope="module")
def scram() -> Iterator[Scram]:
    """A server that asks for passwords."""
    with open_scram() as opened:
        yield opened


def test_a_server_with_passwords_works(home: Path, scram: Scram, clip: Path) -> None:
    program = Program(home, "--data-dir", str(home / "elsewhere"), "--database", scram.uri())
    program.node("remote")
    try:
        code, out, err = program.run("submit", str(clip), "--preset", "Copy into MP4", "--wait")
    finally:
        program.leave()
    assert (code, err) == (0, "")
    assert "done      clip.mov on remote" in out
    assert not (home / "elsewhere" / "embedded-postgres").exists()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"password": "wrong"}, "refused the user “walter”: the name or password is wrong."),
        ({"user": "waltr"}, "refused the user “waltr”: the name or password is wrong."),
        ({"database": "ffmat"}, "has no database “ffmat”."),
    ],
)
def test_what_the_server_refuses_is_said_without_the_password(
    home: Path, clerk: Clerk, scram: Scram, changes: dict[str, str], sentence: str
) -> None:
    for command in (("tasks", "list"), ("--no-gui", "--identifier", "x")):
        code, said = Program(home, "--database", scram.uri(**changes), clerk=clerk).refused(*command)
        assert code == 1
        assert sentence in said
        assert f"127.0.0.1:{scram.port}" in said
        assert "wrong@" not in said and "right" not in said


def test_a_server_that_is_not_there_is_named(home: Path, clerk: Clerk) -> None:
    port = free_port()
    nobody = Program(home, "--database", f"postgresql://x:secret@127.0.0.1:{port}/x", clerk=clerk)
    code, sentence = nobody.refused("tasks", "list")
    assert code == 1
    assert sentence.startswith(f"No database answers at 127.0.0.1:{port}: connection refused.")
    nowhere = Program(home, "--database", "postgresql://nowhere.invalid/x", clerk=clerk)
    code, sentence = nowhere.refused("tasks", "list")
    assert code == 1
    assert sentence.startswith("No database answers at nowhere.invalid:5432: ")


def test_an_invalid_address_is_a_usage_error(home: Path, clerk: Clerk) -> None:
    for uri in (
        "localhost/ffmate",
        "http://localhost",
        "postgresql://x:se#cret@h/d",
        "postgresql://h:99999/d",
    ):
        code, sentence = Program(home, "--database", uri, clerk=clerk).refused("tasks", "list")
        assert code in (1, 2)
        assert "se#cret" not in sentence
