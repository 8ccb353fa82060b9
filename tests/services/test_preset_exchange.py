"""Exporting and importing presets, including FFmate's files: nothing is lost, and each result is reported."""

import json
from pathlib import Path
from typing import Any

import pytest

from ffmate_desktop.db.connection.connection import Database
from ffmate_desktop.domain.errors import UserError
from ffmate_desktop.domain.task_source import TaskSource
from ffmate_desktop.services.preset_editor import PresetDraft, PresetEditor, as_draft, read_preset
from ffmate_desktop.services.preset_exchange import PresetExchange
from ffmate_desktop.services.presets import PresetService
from ffmate_desktop.services.tasks import TaskService
from ffmate_desktop.settings.folders import resources_folder
from tests.services.test_submission import new

pytestmark = pytest.mark.db

FULL: dict[str, Any] = {
    "uuid": "7d1e8bd8-1111-4222-8333-944455566677",
    "name": "Delivery",
    "description": "for the customer",
    "command": "-i ${INPUT_FILE} -c copy ${OUTPUT_FILE}",
    "outputFile": "${INPUT_FILE_DIR}/${INPUT_FILE_BASENAME}.mov",
    "priority": 7,
    "preProcessing": {
        "scriptPath": "/scripts/pre.sh ${SIDECAR_FILE}",
        "sidecarPath": "${INPUT_FILE_DIR}/a.json",
        "importSidecar": True,
    },
    "postProcessing": {"scriptPath": "/scripts/post.sh ${OUTPUT_FILE}"},
    "webhooks": [{"event": "task.updated", "url": "https://example.org/hook"}],
    "createdAt": "2025-01-02T03:04:05.678Z",
    "updatedAt": "2025-01-02T03:04:05.678Z",
    "globalPresetName": "",
}
SCRIPTS = ("preProcessing", "postProcessing", "webhooks")


class PresetServices:
    """Everything that has to do with presets, on one database."""

    def __init__(self, database: Database) -> None:
        self.presets = PresetService(database, resources_folder() / "presets")
        self.editor = PresetEditor(database, self.presets)
        self.exchange = PresetExchange(self.presets, self.editor)
        self.tasks = TaskService(database, self.presets)


@pytest.fixture
def services(database: Database) -> PresetServices:
    return PresetServices(database)


def written(folder: Path, name: str, data: object) -> Path:
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(data if isinstance(data, str) else json.dumps(data), encoding="utf-8")
    return path


async def test_an_ffmate_preset_survives_import_edit_and_export(
    services: PresetServices, tmp_path: Path
) -> None:
    [imported] = await services.exchange.import_files([written(tmp_path, "ffmate.json", FULL)])
    assert imported.preset is not None, imported.trouble
    assert {key: imported.preset.to_json()[key] for key in SCRIPTS} == {key: FULL[key] for key in SCRIPTS}
    # An editor that knows nothing of scripts, as the window's form, does not empty them.
    changed = await services.editor.edit(
        imported.preset.uuid, PresetDraft("Delivery", "-i ${INPUT_FILE} x.mov")
    )
    assert changed.extra == imported.preset.extra
    assert (await services.editor.duplicate(changed.uuid)).extra == imported.preset.extra
    out = tmp_path / "out.json"
    await services.exchange.export_to([imported.preset], out, folder=False)
    [data] = json.loads(out.read_text())
    assert as_draft(changed) == read_preset(data)
    assert {key: data[key] for key in SCRIPTS} == {key: FULL[key] for key in SCRIPTS}


async def test_importing_a_folder_reports_each_preset(services: PresetServices, tmp_path: Path) -> None:
    folder = tmp_path / "presets"
    written(folder, "a.json", FULL)
    written(folder, "b.json", [FULL, FULL | {"command": "-i ${INPUT_FILE} -c:v mpeg4 ${OUTPUT_FILE}"}])
    written(folder, "c.json", FULL | {"name": "Pipe", "command": "-i ${INPUT_FILE} | sh"})
    written(folder, "d.json", "{")
    written(folder, "e.json", [3, {"name": "No command"}])
    written(folder, "f.json", FULL | {"name": "Two", "preProcessing": {"scriptPath": "a && b"}})
    written(folder, "notes.txt", "no preset")
    done = [
        (Path(result.source).name, result.preset is not None)
        for result in await services.exchange.import_files([folder])
    ]
    assert done == [
        ("a.json", True), ("b.json", False), ("b.json", True), ("c.json", False), ("d.json", False),
        ("e.json", False), ("e.json", False), ("f.json", False),
    ]  # fmt: skip
    own = [preset.name for preset in await services.presets.all() if not preset.built_in]
    assert own == ["Delivery", "Delivery 2"]
    repeated = await services.exchange.import_files([folder / "a.json"])
    assert repeated[0].sentence.endswith("“Delivery” already exists, unchanged")
    sentences = [result.sentence for result in await services.exchange.import_files([folder])]
    assert any("is outside quotes" in sentence for sentence in sentences)
    assert any("it isn't valid JSON" in sentence for sentence in sentences)
    assert any("joins 2 scripts with &&" in sentence for sentence in sentences)


async def test_no_file_is_overwritten_and_names_are_made_safe(
    services: PresetServices, tmp_path: Path
) -> None:
    preset = await services.editor.add(PresetDraft("a/b: ../c", "-i ${INPUT_FILE} x.mov"))
    [path] = await services.exchange.export_to([preset], tmp_path / "new", folder=True)
    assert path.parent == tmp_path / "new"
    with pytest.raises(UserError, match="won't be overwritten"):
        await services.exchange.export_to([preset], tmp_path / "new", folder=True)
    with pytest.raises(UserError, match="doesn't exist"):
        await services.exchange.import_files([tmp_path / "none.json"])


async def test_presets_with_equal_file_names_get_different_files(
    services: PresetServices, tmp_path: Path
) -> None:
    long = "é" * 60
    names = ["a/b", "a:b", "A?B", "con", f"{long}1", f"{long}2", "..", "a_b-2"]
    added = [await services.editor.add(PresetDraft(name, "-i ${INPUT_FILE} x.mov")) for name in names]
    paths = await services.exchange.export_to(added, tmp_path / "out", folder=True)
    assert [json.loads(path.read_text())["name"] for path in paths] == names
    assert len({path.name.lower() for path in paths}) == len(names)
    assert [path.name for path in paths][:4] == ["a_b.json", "a_b-2.json", "A_B-3.json", "con_.json"]
    paths[-1].rename(tmp_path / "elsewhere")
    for path in paths[:-2]:
        path.unlink()
    with pytest.raises(UserError, match="won't be overwritten"):
        await services.exchange.export_to(added, tmp_path / "out", folder=True)
    assert [path.name for path in (tmp_path / "out").iterdir()] == [paths[-2].name]  # nothing by halves
    with pytest.raises(UserError, match="Can't write"):
        await services.exchange.export_to(added, tmp_path / "elsewhere" / "x", folder=True)


async def test_a_task_gets_scripts_and_webhooks_of_its_preset_unless_it_has_its_own(
    services: PresetServices, tmp_path: Path
) -> None:
    preset = await services.editor.add(
        read_preset(FULL | {"webhooks": [*FULL["webhooks"], {"event": "preset.created", "url": "x"}]})
    )
    clip = tmp_path / "clip.mkv"
    clip.write_bytes(b"no media")
    more: dict[str, Any] = {"command": None, "preset": preset.uuid}
    own = {"pre_processing": {"scriptPath": "/own.sh"}, "webhooks": [{"event": "task.deleted", "url": "y"}]}
    await services.tasks.add([new(clip, **more), new(clip, **more, **own)], source=TaskSource.CLI)
    second, first = [task.to_json() for task in await services.tasks.newest()]
    assert first["preProcessing"]["scriptPath"]["raw"] == FULL["preProcessing"]["scriptPath"]
    assert first["preProcessing"]["importSidecar"] is True
    assert first["webhooks"] == FULL["webhooks"]
    assert second["preProcessing"] == {"scriptPath": {"raw": "/own.sh"}}
    assert second["postProcessing"]["scriptPath"]["raw"] == FULL["postProcessing"]["scriptPath"]
    assert [hook["event"] for hook in second["webhooks"]] == ["task.deleted", "task.updated"]
    copied = await services.tasks.duplicate(
        [(await services.tasks.newest())[0].uuid], source=TaskSource.WINDOW
    )
    [copy] = await services.tasks.get(copied.uuids)
    assert copy.to_json()["preProcessing"] == second["preProcessing"]
    assert copy.to_json()["webhooks"] == second["webhooks"]
