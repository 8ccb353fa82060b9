"""The command line among rows of a newer release: it shows them, and no command ends with a traceback."""

import json
from pathlib import Path
from typing import Any

import pytest

from ffmate_desktop.db import presets, tasks, watchfolders
from ffmate_desktop.db.connection.connection import Database
from ffmate_desktop.db.queries import Sql
from ffmate_desktop.domain.preset import Preset
from ffmate_desktop.domain.processing import DirectWebhook
from tests.end_to_end.clerk import Clerk
from tests.foreign import GOOD_FOLDER, GOOD_PRESET, fill, spread, use_newer_values

pytestmark = pytest.mark.db


class Desk:
    """Commands of the command line on one database."""

    def __init__(self, clerk: Clerk, uri: str, folder: Path) -> None:
        self._clerk = clerk
        self._variables = {"FFMATE_DATABASE": uri, "FFMATE_DATA_DIR": str(folder / "data")}
        self.folder = folder

    def ask(self, *words: str, code: int = 0) -> tuple[str, str]:
        """What a command prints; it ends with `code`, and in order."""
        got, out, err = self._clerk.ask(*words, folder=self.folder, variables=self._variables)
        assert "Traceback" not in out + err, (words[:3], (out + err)[-1500:])
        assert got == code, (words[:3], got, err[-500:])
        return out, err

    def json(self, *words: str) -> Any:
        return json.loads(self.ask(*words, "--json")[0])


@pytest.fixture
def desk(clerk: Clerk, database_uri: str, tmp_path: Path) -> Desk:
    return Desk(clerk, database_uri, tmp_path)


async def test_every_command_among_rows_of_a_newer_release(desk: Desk, database: Database) -> None:
    await fill(database)
    await use_newer_values(database)
    await spread(database, every=17)
    listed = await tasks.list_tasks(database, limit=None)
    out, _ = desk.ask("tasks", "list", "--limit", "0")
    assert all(word in out for word in ("HELD", "DONE_SKIPPED", "(unreadable)"))
    assert len(desk.json("tasks", "list", "--limit", "0")) == len(listed)
    uuids = [str(task.uuid) for task in listed]
    shown, _ = desk.ask("tasks", "show", *uuids)
    assert shown.count("newer release") == sum(task.unreadable is not None for task in listed) > 5
    assert len(desk.json("tasks", "show", *uuids)) == len(uuids)
    for words in (("nodes", "list"), ("presets", "list"), ("watchfolders", "list"), ("batches", "list")):
        desk.ask(*words)
        desk.json(*words)
    out, _ = desk.ask("nodes", "list")
    assert "standby" in out
    desk.ask("presets", "show", "good")
    out, _ = desk.ask("watchfolders", "files", str(GOOD_FOLDER))
    assert "uploading" in out
    desk.ask("presets", "export")
    (desk.folder / "in.mov").write_bytes(b"film")
    _, err = desk.ask("submit", "in.mov", "--preset", "good")
    assert "Webhooks are stored" in err
    desk.ask("tasks", "log", uuids[0])
    for words in (("tasks", "pause"), ("tasks", "resume"), ("tasks", "cancel")):
        desk.ask(*words, *uuids, code=1)  # some have ended
    desk.ask("tasks", "restart", *[str(task.uuid) for task in listed if task.status.is_done])
    desk.ask("tasks", "delete", *uuids)
    for folder in (await watchfolders.list_watchfolders(database))[::4]:
        desk.ask("watchfolders", "resume", str(folder.uuid))
        desk.ask("watchfolders", "suspend", str(folder.uuid))
        desk.ask("watchfolders", "delete", "--yes", str(folder.uuid))
    own = [str(preset.uuid) for preset in await presets.list_presets(database)]
    desk.ask("presets", "delete", "--yes", *own)
    assert await presets.list_presets(database) == []


async def test_what_a_newer_release_added_survives_every_change(desk: Desk, database: Database) -> None:
    newer: dict[str, Any] = {
        "preProcessing": {"scriptPath": "/a", "newer": {"x": [1]}},
        "webhooks": [{"event": "task.created", "url": "http://a/", "secret": "s"}],
        "newer": {"y": 1},
    }
    (desk.folder / "one.json").write_text(
        json.dumps({"name": "one", "command": "-i a b", "outputFile": "/b"} | newer), encoding="utf-8"
    )
    _, err = desk.ask("presets", "import", "one.json")
    assert err.count("Webhooks are stored") == 1

    def stored(name: str) -> dict[str, Any]:
        (found,) = [preset for preset in desk.json("presets", "list") if preset["name"] == name]
        return {key: found[key] for key in newer}

    assert stored("one") == newer
    desk.ask("presets", "edit", "one", "--description", "Else")
    assert stored("one") == newer
    desk.ask("presets", "edit", "one", "--pre-script", "/b")
    newer["preProcessing"]["scriptPath"] = "/b"
    assert stored("one") == newer
    (exported,) = json.loads(desk.ask("presets", "export", "one")[0])
    assert {key: exported[key] for key in newer} == newer


async def test_a_preset_that_a_watchfolder_uses_is_not_deleted_by_accident(
    desk: Desk, database: Database
) -> None:
    hook = DirectWebhook(event="task.created", url="http://a/")
    made = Preset(uuid=GOOD_PRESET, name="mine", command="-i a b", output_file="/b", webhooks=(hook,))
    await presets.write(database, made, [["-i"]])
    (desk.folder / "hot").mkdir()
    desk.ask("watchfolders", "add", "hot", "--preset", "mine", "--name", "Hot", "--on-success", "trash")
    _, err = desk.ask("presets", "delete", "mine", code=1)
    assert "“Hot”" in err and "--yes" in err
    _, err = desk.ask("presets", "delete", "mine", "--yes")
    assert "“Hot”" in err
    out, _ = desk.ask("watchfolders", "list")
    assert "(deleted)" in out


async def test_submitted_webhooks_are_told_to_be_kept_only(desk: Desk) -> None:
    (desk.folder / "in.mov").write_bytes(b"film")
    task = {
        "inputFile": "in.mov",
        "command": "-i ${INPUT_FILE} ${OUTPUT_FILE}",
        "outputFile": "${INPUT_FILE}.mp4",
    }
    hook = {"event": "task.updated", "url": "http://127.0.0.1:9/t"}
    (desk.folder / "tasks.json").write_text(json.dumps([task | {"webhooks": [hook]}, task]), encoding="utf-8")
    out, err = desk.ask("submit", "--from", "tasks.json", "--json")
    assert len(json.loads(out)["tasks"]) == 2
    assert err.count("Webhooks are stored") == 1
    (desk.folder / "batch.json").write_text(
        json.dumps({"tasks": [task], "webhooks": [hook]}), encoding="utf-8"
    )
    out, err = desk.ask("submit", "--from", "batch.json", "--json")
    assert json.loads(out)["name"] == "in.mov"
    assert "batch.json” are used. These fields are ignored: “webhooks”." in err


async def test_a_submit_that_queued_its_tasks_succeeds_whatever_comes_then(
    desk: Desk, database: Database
) -> None:
    (desk.folder / "in.mov").write_bytes(b"film")
    async with database.transaction() as connection:  # what the report reads, and the submit itself does not
        await connection.execute("ALTER TABLE ffmate.nodes RENAME COLUMN cpu TO load")
        await connection.execute("ALTER TABLE ffmate.nodes RENAME COLUMN progress TO share")
    words = ("submit", "in.mov", "--command", "-i ${INPUT_FILE} ${OUTPUT_FILE}", "--output", "out.mp4")
    out, err = desk.ask(*words)
    [task] = await database.fetch(Sql("SELECT uuid FROM ffmate.tasks"))
    assert str(task["uuid"]) in out
    assert "The task is queued" in err
