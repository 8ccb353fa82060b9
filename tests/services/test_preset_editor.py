"""The user's presets: checked, exchanged, and announced to the cluster."""

import json

import pytest

from ffmate_desktop.db.connection.connection import Database
from ffmate_desktop.domain.errors import UsageError, UserError
from ffmate_desktop.services.preset_editor import PresetDraft, PresetEditor, as_draft
from ffmate_desktop.services.presets import PresetService

pytestmark = pytest.mark.db
DRAFT = PresetDraft(
    "Mine", "-i ${INPUT_FILE} -c copy ${OUTPUT_FILE}", "What", "${INPUT_FILE_BASENAME}.mp4", 3, ("gpu", "a")
)


@pytest.fixture
def editor(database: Database, presets: PresetService) -> PresetEditor:
    return PresetEditor(database, presets)


async def test_presets_are_added_changed_and_deleted(editor: PresetEditor, presets: PresetService) -> None:
    added = await editor.add(DRAFT)
    assert (added.name, added.priority, added.labels, added.built_in) == ("Mine", 3, ("a", "gpu"), False)
    changed = await editor.edit(added.uuid, PresetDraft(" New ", "-version"))
    assert (changed.uuid, changed.name, changed.output_file) == (added.uuid, "New", "")
    assert changed.created_at == added.created_at
    await editor.delete(added.uuid)
    assert all(preset.built_in for preset in await presets.all())
    with pytest.raises(UserError, match="doesn't exist"):
        await editor.delete(added.uuid)


async def test_names_are_compared_without_case(editor: PresetEditor, presets: PresetService) -> None:
    await editor.add(DRAFT)
    built_in = next(preset for preset in await presets.all() if preset.built_in)
    for name in ("mINE", built_in.name.upper()):
        with pytest.raises(UserError, match="already exists"):
            await editor.add(PresetDraft(name, "-version"))
    copy = await editor.duplicate(built_in.uuid)
    assert (copy.name, copy.command, copy.built_in) == (f"{built_in.name} 2", built_in.command, False)


async def test_built_in_presets_are_read_only(editor: PresetEditor, presets: PresetService) -> None:
    built_in = (await presets.all())[0]
    for draft in (DRAFT, as_draft(built_in)):  # that one names the scripts, too, as the command line does
        with pytest.raises(UserError, match="Built-in"):
            await editor.edit(built_in.uuid, draft)
    with pytest.raises(UserError, match="Built-in"):
        await editor.delete(built_in.uuid)


@pytest.mark.parametrize(
    "draft",
    [
        PresetDraft(" ", "-version"),
        PresetDraft("a", ""),
        PresetDraft("a", "-i ${NO_SUCH} x"),
        PresetDraft("a", "-i x ${OUTPUT_FILE}"),
        PresetDraft("a", "-version", priority=-1),
        PresetDraft("a", "-version", labels=("two words",)),
    ],
)
async def test_what_could_never_run_is_refused(editor: PresetEditor, draft: PresetDraft) -> None:
    with pytest.raises(UsageError):
        await editor.add(draft)


async def test_an_export_is_imported(editor: PresetEditor, presets: PresetService) -> None:
    added = await editor.add(DRAFT)
    built_in = next(preset for preset in await presets.all() if preset.built_in)
    text = await editor.export([added.uuid, built_in.uuid])
    assert {"name", "command", "outputFile", "uuid"} <= json.loads(text)[0].keys()
    first, second = await editor.import_all(text)
    assert (first.name, second.name) == ("Mine 2", f"{built_in.name} 2")
    assert (first.command, first.labels, second.command) == (added.command, added.labels, built_in.command)


async def test_ffmates_json_is_read_and_invalid_json_refused(
    editor: PresetEditor, presets: PresetService
) -> None:
    ffmates = '{"name": "F", "command": "-version", "globalPresetName": "x", "webhooks": []}'
    assert (await editor.import_all(ffmates))[0].name == "F"
    before = len(await presets.all())
    good = '{"name": "G", "command": "-version"}'
    for text in (
        "{",
        "[]",
        "3",
        f'[{good}, {{"name": "x"}}]',
        f'[{good}, {{"name": "", "command": "-version"}}]',
    ):
        with pytest.raises(UserError):
            await editor.import_all(text)
    assert len(await presets.all()) == before
