"""settings.json: what it keeps, and that nothing in it is ever lost."""

import json
import os
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from ffmate_desktop.domain.errors import UsageError, UserError
from ffmate_desktop.settings.file import SettingsFile
from ffmate_desktop.settings.file_fields import preferences_to_json
from ffmate_desktop.settings.preferences import (
    Appearance,
    NoticePreferences,
    OnClose,
    Preferences,
    WindowPreferences,
)
from ffmate_desktop.settings.read import read_settings
from ffmate_desktop.settings.setting import Source
from ffmate_desktop.settings.table import (
    FFMPEG,
    FILE_VERSION,
    IDENTIFIER,
    LABELS,
    SETTINGS,
    SLOTS,
    Settings,
)

ALL = Preferences(
    chosen={
        "identifier": "bay 5",
        "slots": 7,
        "labels": ("gpu", "storage:media"),
        "ffmpeg": "/opt/ffmpeg",
        "database": "postgresql://me@db/ffmate",
    },
    password_kept=True,
    window=WindowPreferences(
        appearance=Appearance.DARK,
        on_close=OnClose.FINISH,
        start_at_login=True,
        notices=NoticePreferences(batches=False),
    ),
)


def test_a_missing_file_means_the_defaults(tmp_path: Path) -> None:
    loaded = SettingsFile(tmp_path / "not" / "there").load()
    assert (loaded.preferences, loaded.trouble) == (Preferences(), None)


def test_everything_comes_back(tmp_path: Path) -> None:
    file = SettingsFile(tmp_path / "new")
    file.save(ALL)
    assert file.load().preferences == ALL
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["settings.json"]
    if os.name == "posix":
        assert file.path.stat().st_mode & 0o077 == 0


BROKEN = {
    "half": (json.dumps(preferences_to_json(ALL))[:100].encode(), "isn't valid JSON"),
    "empty": (b"", "it is empty"),
    "bytes": (b"\xff\xfe\x00{", "isn't text|valid JSON"),
    "list": (b"[]", "it isn't an object"),
    "part": (b'{"window": {"notices": 3}}', "window.notices: this isn't an object"),
    "newer": (b'{"version": 99, "node": {"colour": 1}}', "belongs to a newer FFmate Desktop"),
    "unknown": (b'{"version": 1, "node": {"slot": 3}}', "node.slot: there is no such setting"),
    "range": (
        b'{"version": 1, "node": {"slots": 0}}',
        "node.slots: this isn't a whole number from 1 to 1000",
    ),
    "true": (b'{"node": {"slots": true}}', "node.slots: this isn't a whole number"),
    "switch": (b'{"window": {"notices": {"nodes": 1}}}', "window.notices.nodes: this is neither"),
    "choice": (b'{"window": {"on_close": "leave"}}', "window.on_close: this isn't one of ask, background"),
    "text": (b'{"cluster": {"database": ""}}', "cluster.database: this isn't text"),
    "labels": (b'{"node": {"labels": "gpu"}}', "node.labels: this isn't a list"),
    "name": (b'{"node": {"identifier": "a\\ud800b"}}', "node.identifier: this can't be the name of a node"),
    "label": (b'{"version": 1, "node": {"labels": ["two words"]}}', "isn't a valid label"),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_what_cannot_be_read_is_told_kept_aside_and_replaced_by_defaults(tmp_path: Path, kind: str) -> None:
    data, why = BROKEN[kind]
    file = SettingsFile(tmp_path)
    file.path.write_bytes(data)
    loaded = file.load()
    assert loaded.preferences == Preferences()
    assert loaded.trouble is not None
    assert loaded.trouble.message.startswith(f"The settings in {file.path} ")
    with pytest.raises(UserError, match=why):
        raise loaded.trouble
    assert file.path.read_bytes() == data  # reading changes nothing
    file.save(ALL)
    assert file.load().preferences == ALL
    assert (tmp_path / "settings.json.unreadable-1").read_bytes() == data
    file.path.write_bytes(b"again")
    file.save(ALL)
    assert (tmp_path / "settings.json.unreadable-2").read_bytes() == b"again"


def test_a_path_need_not_be_text(tmp_path: Path) -> None:
    kept = ALL.choose({FFMPEG: os.fsdecode(b"/opt/\xff/ffmpeg")})
    SettingsFile(tmp_path).save(kept)
    assert SettingsFile(tmp_path).load().preferences == kept


@pytest.mark.parametrize("name", ["a\ud800", "a\0b", "a\nb", "\x1b[31m", "a\u202eb", " ", "x" * 201])
def test_a_name_that_would_stop_the_node_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="isn't a valid node name"):
        read_settings({IDENTIFIER.option: [name]}, {})
    name = "Schnittplatz 5 – 日本"
    assert read_settings({IDENTIFIER.option: [name]}, {}).identifier == name


def test_one_wrong_setting_costs_no_other(tmp_path: Path) -> None:
    file = SettingsFile(tmp_path)
    data = preferences_to_json(ALL) | {"colour": "red"}
    data["node"] |= {"slots": 0, "slot": 3}
    data["window"] |= {"notices": 3}
    file.path.write_text(json.dumps(data))
    loaded = file.load()
    window = replace(ALL.window, notices=NoticePreferences())
    assert loaded.preferences == replace(ALL.choose({SLOTS: None}), window=window)
    assert str(loaded.trouble) == (
        f"The settings in {file.path} are used, except for this: "
        "node.slots: this isn't a whole number from 1 to 1000; node.slot: there is no such setting; "
        "window.notices: this isn't an object with fields; colour: there is no such setting. "
        "All others are used. When settings are saved, this file is kept next to the new one."
    )


def test_a_reader_sees_one_file_or_the_other_whole(tmp_path: Path) -> None:
    file = SettingsFile(tmp_path)
    file.save(ALL)
    over = threading.Event()

    def write() -> None:
        for number in range(200):
            file.save(Preferences() if number % 2 else ALL)
        over.set()

    writer = threading.Thread(target=write)
    writer.start()
    seen = []
    while not over.is_set():
        seen.append(file.load())
    writer.join()
    assert {loaded.trouble for loaded in seen} == {None}
    assert all(loaded.preferences in (ALL, Preferences()) for loaded in seen)


def test_a_folder_that_cannot_be_written_to_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="can't be saved in"):
        SettingsFile(tmp_path / "file").save(ALL)


# -- Precedence --------------------------------------------------------------------------------------------------


def settings(**sources: Source) -> Settings:
    """As the command line makes them, before the file is read."""
    return Settings(
        database="postgresql://given/x",
        identifier="given",
        slots=4,
        ffmpeg="given",
        labels=("given",),
        sources=sources,
    )


def test_the_file_fills_what_was_not_given() -> None:
    found = settings(slots=Source.COMMAND_LINE, labels=Source.ENVIRONMENT).with_preferences(ALL)
    assert (found.slots, found.source(SLOTS)) == (4, Source.COMMAND_LINE)
    assert (found.labels, found.source(LABELS)) == (("given",), Source.ENVIRONMENT)
    assert (found.identifier, found.source(IDENTIFIER)) == ("bay 5", Source.FILE)
    assert (found.ffmpeg, found.source(FFMPEG)) == ("/opt/ffmpeg", Source.FILE)
    assert (found.database, found.password_kept) == ("postgresql://me@db/ffmate", True)


def test_the_rest_is_default_also_when_the_file_forgets_it() -> None:
    found = settings().with_preferences(ALL).with_preferences(Preferences())
    assert (found.database, found.identifier, found.slots) == (None, IDENTIFIER.default, 3)
    assert {found.source(setting) for setting in SETTINGS} == {Source.DEFAULT}


def test_the_keyring_is_only_asked_for_the_address_of_the_file() -> None:
    assert not settings(database=Source.COMMAND_LINE).with_preferences(ALL).password_kept


KEYS = {
    2: {
        "cluster.database",
        "node.identifier",
        "node.slots",
        "node.ffmpeg",
        "node.labels",
        "node.encode_priority",
        "retention.logs_days",
        "retention.logs_count",
        "retention.tasks_days",
        "retention.tasks_count",
    },
}
"""Of settings, by the version of the file that has them."""


def test_a_new_key_has_a_new_version_of_the_file() -> None:
    """An older program refuses a newer version; it would drop a key that it doesn't know."""
    keys = {setting.file_key for setting in SETTINGS if setting.file_key}
    assert (max(KEYS), KEYS[max(KEYS)]) == (FILE_VERSION, keys), "raise FILE_VERSION and add the keys here"
