"""The server dies under real nodes: they report it in a sentence, and their encodes continue."""

import sys
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import psutil
import pytest

from ffmate_desktop.db.embedded.database import status
from tests.end_to_end.clerk import PATIENCE, Clerk
from tests.end_to_end.program import Program, open_folder, stop, until
from tests.media.clips import clip as make_clip
from tests.node import waiting

pytestmark = [
    pytest.mark.end_to_end,
    pytest.mark.db,
    pytest.mark.ffmpeg,
    pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL"),
]

SECONDS_LONG = "-re -stream_loop 5 -i ${INPUT_FILE} -an -c:v libx264 -preset ultrafast ${OUTPUT_FILE}"


@pytest.fixture
def home() -> Iterator[Path]:
    with open_folder() as folder:
        yield folder


async def test_the_embedded_server_is_killed_and_the_encodes_of_two_nodes_continue(
    home: Path, clerk: Clerk
) -> None:
    program = Program(home, "--data-dir", str(home / "data"), clerk=clerk)
    sources = [make_clip(home / f"{name}.mkv", seconds=1) for name in "ab"]
    nodes = [program.node(name, "--heartbeat", "5") for name in "ab"]  # a loaded machine may be slow
    try:
        options = ("--command", SECONDS_LONG, "--output", str(home / "out" / "${INPUT_FILE_BASENAME}.mp4"))
        batch = program.json("submit", *map(str, sources), *options)
        uuids = [task["uuid"] for task in batch["tasks"]]
        until(lambda: len(program.ffmpegs()) == 2, "both encode")
        encodes = program.ffmpegs()
        before = await status(home / "data")
        assert before is not None and before.pid is not None
        psutil.Process(before.pid).kill()
        until(
            lambda: all(program.task(uuid)["status"] == "DONE_SUCCESSFUL" for uuid in uuids), "both are done"
        )
        assert [program.task(uuid)["attempts"] for uuid in uuids] == [1, 1]
        after = await status(home / "data")
        assert after is not None and after.pid != before.pid
        assert not any(encode.is_running() for encode in encodes)
        assert len(list((home / "out").iterdir())) == 2
        assert [stop(node) for node in nodes] == [0, 0]
    finally:
        program.leave()


async def test_a_connection_that_breaks_while_a_node_joins_is_reported_in_a_sentence(
    home: Path, database_uri: str
) -> None:
    program = Program(home, "--data-dir", str(home / "data"), "--database", database_uri)
    connection = await asyncpg.connect(database_uri)
    await connection.execute("SELECT pg_advisory_lock(hashtextextended('ffmate identifier a', 0))")
    with program.popen("--no-gui", "--identifier", "a") as node:

        async def torn() -> bool:
            return bool(
                await connection.fetchval("""
                    SELECT count(pg_terminate_backend(a.pid)) FROM pg_locks l JOIN pg_stat_activity a USING (pid)
                     WHERE l.locktype = 'advisory' AND NOT l.granted AND a.datname = current_database()""")
            )

        await waiting.until(torn, "the node waits for its name", timeout=PATIENCE)
        _, log = node.communicate(timeout=PATIENCE)
    await connection.close()
    assert node.returncode == 1
    assert log.decode().startswith("ffmate-desktop: The connection to the database was lost: ")
    assert len(log.decode().splitlines()) == 1, log.decode()
