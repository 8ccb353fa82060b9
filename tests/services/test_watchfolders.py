"""Watchfolders as people set them: checks, finding, editing, and the options of the command line."""

from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from ffmate_desktop.cli.watchfolder_options import SettingsOptions
from ffmate_desktop.db.connection.connection import Database
from ffmate_desktop.domain.errors import UsageError, UserError
from ffmate_desktop.domain.file_record import ScannedFile
from ffmate_desktop.domain.watchfolder import Original, OriginalAction, WatchfolderSettings
from ffmate_desktop.services.presets import PresetService
from ffmate_desktop.services.watch_drafts import draft_files, rules_of
from ffmate_desktop.services.watch_overlap import overlap, overlapping_names
from ffmate_desktop.services.watchfolders import FileFilterView, WatchfolderService, check

pytestmark = pytest.mark.db


@pytest.fixture
def service(database: Database, presets: PresetService) -> WatchfolderService:
    return WatchfolderService(database, presets)


async def settings(presets: PresetService, **changes: Any) -> WatchfolderSettings:
    preset = await presets.find("H.264 web 720p")
    return WatchfolderSettings.model_validate({"name": "In", "path": "/in", "preset": preset.uuid} | changes)


async def test_all_overlaps_are_found_at_once(service: WatchfolderService, presets: PresetService) -> None:
    done = Original(action=OriginalAction.MOVE, folder="done")
    first = await service.add(await settings(presets, name="first", path="/m/in", on_success=done))
    for name, path in (
        ("same", "/m/in"),
        ("deep", "/m/in/a/b"),
        ("above", "/m"),
        ("done", "/m/in/done"),
        ("n", "/n"),
    ):
        await service.add(await settings(presets, name=name, path=path))
    asleep = await service.add(await settings(presets, name="asleep", path="/m/in", suspended=True))
    folders = [other for other in await service.all() if other.uuid != asleep.uuid]
    pairs = {
        folder.uuid: tuple(
            sorted(other.name for other in folders if other != folder and overlap(other, folder))
        )
        for folder in folders
    }
    assert pairs[first.uuid] == ("above", "deep", "same")
    assert overlapping_names([*folders, asleep]) == {uuid: names for uuid, names in pairs.items() if names}


async def test_overlapping_watchfolders_are_found(
    service: WatchfolderService, presets: PresetService
) -> None:
    done = Original(action=OriginalAction.MOVE, folder="done")
    globs = {"globs": {"exclude": ["old/"]}}
    first = await service.add(
        await settings(presets, name="first", path="/m/in", on_success=done, filter=globs)
    )

    async def overlaps_first(**changes: Any) -> bool:
        found = await service.overlapping(await settings(presets, name="second", **changes))
        return [folder.uuid for folder in found] == [first.uuid]

    for path in ("/m/in", "/m/in/", "/m/x/../in", "/m/in/a/b", "/m", "/", "/m/in/done2"):
        assert await overlaps_first(path=path), path
    for path in ("/m/in2", "/n", "/m/in/done", "/m/in/done/a", "/m/in/Old/b", "/m/in/.hidden"):
        assert not await overlaps_first(path=path), path
    assert not await overlaps_first(path="/m", recursive=False)
    assert not await service.overlapping(first.settings(), first.uuid)
    assert await overlaps_first(path="/m/in", suspended=True), "it is going to"
    await service.suspend(first.uuid)
    assert not await overlaps_first(path="/m/in"), "the other one does not"
    await service.resume(first.uuid)
    mov = {"extensions": {"include": [".MOV"]}}
    await service.edit(first.uuid, await settings(presets, name="first", path="/m/in", filter=mov))
    assert await overlaps_first(path="/m/in", filter={"extensions": {"include": ["mxf", "*.mov"]}})
    assert not await overlaps_first(path="/m/in", filter={"extensions": {"include": ["mxf"]}})
    assert await overlaps_first(path="/m/in", filter={"globs": {"include": ["*.mxf"]}})
    assert await overlaps_first(path="/m/in", filter={"extensions": {"include": ["*"]}})


async def test_adding_finding_editing_and_deleting(
    service: WatchfolderService, presets: PresetService
) -> None:
    added = await service.add(await settings(presets, name="", path="/media/Day 1", labels=("b", "a")))
    assert (added.name, added.labels, added.version) == ("Day 1", ("a", "b"), 1)
    for word in ("day 1", str(added.uuid)[:8]):
        assert (await service.find(word)).uuid == added.uuid
    data = added.to_json()
    assert data["filter"]["extensions"] == {"include": [], "exclude": []}
    assert {
        "uuid",
        "name",
        "description",
        "path",
        "interval",
        "growthChecks",
        "preset",
        "suspended",
    } <= data.keys()
    assert isinstance(data["createdAt"], int) and "lastCheck" not in data and "error" not in data
    changed = await service.edit(added.uuid, added.settings().model_copy(update={"interval": 5}), version=1)
    assert (changed.interval, changed.version) == (5, 2)
    with pytest.raises(UserError, match="Someone else"):
        await service.edit(added.uuid, added.settings(), version=1)
    await service.suspend(added.uuid)
    assert (await service.get(added.uuid)).suspended and (await service.get(added.uuid)).next_check is None
    with pytest.raises(UserError, match="is suspended"):
        await service.scan(added.uuid)
    await service.resume(added.uuid)
    await service.scan(added.uuid)
    assert await service.files(added.uuid, FileFilterView(text="50%_")) == []
    assert await service.counts(added.uuid) == {}
    await service.add(added.settings())
    with pytest.raises(UserError, match="Several"):
        await service.find("Day 1")
    await service.delete(added.uuid)
    for gone in (service.get, service.delete, service.suspend, service.scan):
        with pytest.raises(UserError, match="no longer exists"):
            await gone(added.uuid)
    with pytest.raises(UserError, match="No watchfolder is named"):
        await service.find("nothing")


async def test_invalid_settings_are_refused(service: WatchfolderService, presets: PresetService) -> None:
    good = await settings(presets)
    for path in (r"C:\Media\In", r"\\nas\share\in", "/mnt/nas/in"):
        assert check(good.model_copy(update={"path": path, "name": ""})).name.lower() == "in"
    move = Original(action=OriginalAction.MOVE, folder=".")
    wrong: list[dict[str, object]] = [
        {"path": "in"},
        {"interval": 0},
        {"growth_checks": -1},
        {"priority": -1},
        {"retries": 1000},
        {"labels": ("two words",)},
        {"output_file": "${NOTHING}"},
        {"on_success": Original(action=OriginalAction.MOVE)},
        {"on_success": move},
        {"on_failure": Original(action=OriginalAction.TRASH)},
    ]
    for change in wrong:
        with pytest.raises(UsageError):
            await service.add(good.model_copy(update=change))
    with pytest.raises(UserError, match="doesn't exist"):
        await service.add(good.model_copy(update={"preset": uuid4()}))
    assert await service.all() == []


@pytest.mark.parametrize("folder", [".", "done/..", "../in", "/mnt/x/../in"])
async def test_originals_cannot_be_moved_into_the_watchfolder(presets: PresetService, folder: str) -> None:
    """They would get a new name there, be queued again, and so on forever."""
    move = Original(action=OriginalAction.MOVE, folder=folder)
    there = (await settings(presets)).model_copy(update={"path": "/mnt/in", "on_success": move})
    with pytest.raises(UsageError, match="watchfolder itself"):
        check(there)


async def test_options_of_the_command_line_become_settings(presets: PresetService) -> None:
    before = await settings(presets)
    options = SettingsOptions(
        min_size="1.5k",
        min_age=3.0,
        on_success="move:done",
        label=["a,b"],
        include=["mov", "*.MXF", "A*/x.mov"],
        exclude=["proxies/"],
        interval=7,
    )
    after = options.apply_to(before)
    assert after.filter.extensions.include == ("mov", "MXF")
    assert after.filter.globs.include == ("A*/x.mov",) and after.filter.globs.exclude == ("proxies/",)
    assert (after.filter.min_size, after.filter.min_age, after.labels) == (1536, 3.0, ("a", "b"))
    assert after.on_success == Original(action=OriginalAction.MOVE, folder="done")
    assert after == before.model_copy(
        update={
            "filter": after.filter,
            "labels": after.labels,
            "on_success": after.on_success,
            "interval": 7,
        }
    )
    cleared = SettingsOptions(include=[""]).apply_to(after)
    assert cleared.filter.extensions.include == () and cleared.filter.globs.exclude == ("proxies/",)
    for wrong in (SettingsOptions(min_size="much"), SettingsOptions(on_failure="burn")):
        with pytest.raises(UsageError):
            wrong.apply_to(before)


async def test_folders_for_originals_are_not_scanned(presets: PresetService) -> None:
    done, failed = (Original(action=OriginalAction.MOVE, folder=folder) for folder in ("x/done", "/in/bad/"))
    rules = rules_of(await settings(presets, on_success=done, on_failure=failed))
    assert rules.enters("x", "x") and not rules.enters("x/done", "done") and not rules.enters("bad", "bad")


async def test_files_that_cannot_be_queued_have_a_reason(presets: PresetService, tmp_path: Path) -> None:
    preset = await presets.find("H.264 web 720p")
    (tmp_path / "good.mov").write_bytes(b"x")
    found = [ScannedFile("good.mov", 1, 1, 1), ScannedFile("gone.mov", 1, 1, 1)]
    folder_settings = await settings(presets, path=str(tmp_path))
    drafts, refused = draft_files(folder_settings, uuid4(), preset, found, "client")
    assert [file.path for file, _ in drafts] == ["good.mov"]
    assert [(file.path, "doesn't exist" in why) for file, why in refused] == [("gone.mov", True)]
    long = folder_settings.model_copy(update={"output_file": "/" + "/".join(["d" * 250] * 12) + "/x.mp4"})
    assert draft_files(long, uuid4(), preset, found[:1], "")[1][0][1] == "The path of its output is too long."
    nowhere = folder_settings.model_copy(update={"output_file": "/proc/nothing/x.mp4"})
    assert "/proc" in draft_files(nowhere, uuid4(), preset, found[:1], "")[1][0][1]
