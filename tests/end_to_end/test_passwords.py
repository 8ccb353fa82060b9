"""A password shows nowhere: not in logs, errors, the list of processes, rows or notifications."""

import asyncio
import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import psutil
import pytest
from keyrings.alt.file import PlaintextKeyring

from tests.end_to_end.program import Program, open_folder, stop
from tests.end_to_end.scram import Scram, open_scram

pytestmark = [pytest.mark.end_to_end, pytest.mark.slow, pytest.mark.db, pytest.mark.ffmpeg]

PASSWORD = "recognise-me-7Qx"
EVERYTHING = ("--debug", "*:*")
SLOW = "-re -stream_loop -1 -i ${INPUT_FILE} -t 60 -c:v libx264 ${OUTPUT_FILE}"


@pytest.fixture(scope="module")
def scram() -> Iterator[Scram]:
    with open_scram(PASSWORD) as opened:
        yield opened


@pytest.fixture
def hidden(scram: Scram) -> Iterator[Program]:
    """The program with the password in its environment, which only its own user can read."""
    with open_folder() as home:
        variables = {"FFMATE_DATABASE": scram.uri()}
        program = Program(home, "--data-dir", str(home / "data"), variables=variables)
        yield program
        program.leave()


def test_nothing_tells_the_password_of_a_node(hidden: Program, scram: Scram, clip: Path) -> None:
    heard: list[str] = []
    before = set(psutil.pids())
    node = hidden.node("secretive", *EVERYTHING)
    asyncio.run(_provoke(hidden, scram, clip, heard, before))
    assert stop(node, signal.SIGTERM) == 0
    log = (hidden.folder / "secretive.log").read_text("utf-8")
    assert "Connecting to 127.0.0.1" in log
    assert "The connection to the database was lost" in log or "No connection to the database" in log
    assert PASSWORD not in log
    assert heard, "nodes and tasks were heard of"
    assert not [text for text in heard if PASSWORD in text]


async def _provoke(hidden: Program, scram: Scram, clip: Path, heard: list[str], before: set[int]) -> None:
    """Work, lost connections, commands that fail; meanwhile everything is listened to and read."""
    watcher = await asyncpg.connect(scram.uri())
    for channel in ("ffmate", "ffmate_node"):
        await watcher.add_listener(channel, lambda _c, _p, _channel, text: heard.append(str(text)))
    uuid = await asyncio.to_thread(
        hidden.submit, clip, "--command", SLOW, "--output", "${INPUT_FILE_DIR}/out.mp4"
    )
    await asyncio.to_thread(hidden.encoding, uuid, "secretive")
    await watcher.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE usename = current_user AND pid <> pg_backend_pid()"
    )
    heard += [" ".join(words) for words in _command_lines(before)]
    commands = (("doctor",), ("tasks", "show", "ffff", *EVERYTHING), ("tasks", "cancel", uuid))
    said = [await asyncio.to_thread(hidden.run, *words) for words in commands]
    assert [code for code, _, _ in said] == [0, 1, 0]
    assert "Traceback" in said[1][2], "--debug shows it"
    heard += [out + err for _, out, err in said]
    assert any("ffmpeg" in text for text in heard)
    tables = await watcher.fetch("SELECT tablename AS name FROM pg_tables WHERE schemaname = 'ffmate'")
    assert "nodes" in [table["name"] for table in tables]
    for table in (*(f"ffmate.{table['name']}" for table in tables), "pg_stat_activity"):
        heard += [row["text"] for row in await watcher.fetch(f"SELECT t::text AS text FROM {table} t")]
    await watcher.close()


def _command_lines(before: set[int]) -> list[list[str]]:
    found = []
    for process in psutil.process_iter():
        try:
            if process.pid not in before and process.pid != os.getpid():
                found.append(process.cmdline())
        except psutil.Error:
            continue
    return found


def test_on_our_own_command_line_it_shows_and_we_say_so(scram: Scram, clip: Path) -> None:
    """What a process was started with can be read by everybody; its children and its log never have it."""
    with open_folder() as home:
        program = Program(home, "--data-dir", str(home / "data"), "--database", scram.uri())
        before = set(psutil.pids())
        node = program.node("talkative", *EVERYTHING)
        uuid = program.submit(clip, "--command", SLOW, "--output", "${INPUT_FILE_DIR}/out.mp4")
        program.encoding(uuid, "talkative")
        telling = [words for words in _command_lines(before) if any(PASSWORD in word for word in words)]
        assert all(words == psutil.Process(node.pid).cmdline() for words in telling)
        program.leave()
        log = (home / "talkative.log").read_text("utf-8")
        assert "FFMATE_DATABASE or a password file hides it" in log
        assert PASSWORD not in log


def test_a_password_may_stand_outside_of_the_address(scram: Scram) -> None:
    with open_folder() as home:
        file = home / "pgpass"
        file.write_text(f"127.0.0.1:{scram.port}:ffmate:walter:{PASSWORD}\n")
        file.chmod(0o600)
        for variables in ({"PGPASSWORD": PASSWORD}, {"PGPASSFILE": str(file)}):
            program = Program(home, "--database", _bare(scram), variables=variables)
            code, _, err = program.run("tasks", "list")
            assert (code, err) == (0, "")


def _bare(scram: Scram) -> str:
    return scram.uri().replace(f":{PASSWORD}", "")


@pytest.mark.skipif(os.name == "nt", reason="Windows has access lists instead of permission bits")
def test_a_password_file_that_others_may_read_is_named(scram: Scram) -> None:
    with open_folder() as home:
        file = home / "pgpass"
        file.write_text(f"*:*:*:*:{PASSWORD}\n")
        file.chmod(0o644)
        program = Program(home, "--database", _bare(scram), variables={"PGPASSFILE": str(file)})
        code, sentence = program.refused("tasks", "list")
        assert code == 1
        assert (
            f"The password file {file} was not used because other users can read it. Run chmod 600 on it."
            in sentence
        )


def test_the_settings_file_leads_to_a_server_whose_password_the_keyring_has(scram: Scram) -> None:
    with open_folder() as home:
        variables = {
            "PYTHON_KEYRING_BACKEND": "keyrings.alt.file.PlaintextKeyring",
            "KEYRING_PROPERTY_FILE_PATH": str(home / "keyring.cfg"),
        }
        data, keyring = home / "data", PlaintextKeyring()
        data.mkdir()
        keyring.file_path = str(home / "keyring.cfg")
        cluster = {"database": _bare(scram), "password_kept": True}
        file = data / "settings.json"
        file.write_text(json.dumps({"version": 1, "node": {"slots": 7}, "cluster": cluster}))
        program = Program(home, "--data-dir", str(data), variables=variables)
        assert program.refused("tasks", "list")[0] == 1  # it does not have it yet
        keyring.set_password("FFmate Desktop", _bare(scram), PASSWORD)
        report = program.json("doctor")
        assert PASSWORD not in str(report)
        told = {check["name"]: check["message"] for check in report["checks"]}
        assert f"database: {_bare(scram)} (settings file)" in told["settings"]
        assert "slots: 7 (settings file)" in told["settings"]
        node = program.node("keyed", *EVERYTHING)  # which gives its slots on the command line
        assert ("keyed", 1) in [(one["identifier"], one["slots"]) for one in program.json("nodes", "list")]
        assert stop(node, signal.SIGTERM) == 0
        assert PASSWORD not in (home / "keyed.log").read_text("utf-8") + file.read_text()
        file.write_text("{")
        code, out, err = program.run("tasks", "list")  # the embedded one, and a word on why
        assert (code, out.startswith("No tasks")) == (0, True)
        assert f"The settings in {file} can't be read: it isn't valid JSON" in err
