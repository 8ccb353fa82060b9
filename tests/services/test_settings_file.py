"""The file of settings: what it keeps, and that nothing in it is ever lost."""

import json
import os
import threading
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from ffmate_desktop.cli.settings_args import settings_from
from ffmate_desktop.domain.errors import UsageError, UserError
from ffmate_desktop.domain.preferences import (
    Appearance,
    ClusterWishes,
    NodeWishes,
    NoticeWishes,
    OnClose,
    Preferences,
    WindowWishes,
)
from ffmate_desktop.services.settings_file import SettingsFile
from ffmate_desktop.settings import Settings, Source, default_identifier

ALL = Preferences(
    node=NodeWishes(identifier="bay 5", slots=7, labels=("gpu", "storage:media"), ffmpeg="/opt/ffmpeg"),
    cluster=ClusterWishes(database="postgresql://me@db/ffmate", password_kept=True),
    window=WindowWishes(
        appearance=Appearance.DARK,
        on_close=OnClose.FINISH,
        start_at_login=True,
        notices=NoticeWishes(batches=False),
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
    "half": (json.dumps(asdict(ALL))[:100].encode(), "isn't valid JSON"),
    "empty": (b"", "it is empty"),
    "bytes": (b"\xff\xfe\x00{", "isn't text|valid JSON"),
    "list": (b"[]", "it is no object"),
    "part": (b'{"window": {"notices": 3}}', "window.notices: this is no object"),
    "newer": (b'{"version": 99, "node": {"colour": 1}}', "belongs to a newer FFmate Desktop"),
    "unknown": (b'{"version": 1, "node": {"slot": 3}}', "node.slot: there is no such setting"),
    "range": (b'{"version": 1, "node": {"slots": 0}}', "node.slots: this is no whole number from 1 to 1000"),
    "true": (b'{"node": {"slots": true}}', "node.slots: this is no whole number"),
    "switch": (b'{"window": {"notices": {"nodes": 1}}}', "window.notices.nodes: this is neither"),
    "choice": (b'{"window": {"on_close": "leave"}}', "window.on_close: this is none of ask, background"),
    "text": (b'{"cluster": {"database": ""}}', "cluster.database: this is no text"),
    "labels": (b'{"node": {"labels": "gpu"}}', "node.labels: this is no list"),
    "name": (b'{"node": {"identifier": "a\\ud800b"}}', "node.identifier: this cannot be the name of a node"),
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
    kept = replace(ALL, node=replace(ALL.node, ffmpeg=os.fsdecode(b"/opt/\xff/ffmpeg")))
    SettingsFile(tmp_path).save(kept)
    assert SettingsFile(tmp_path).load().preferences == kept


@pytest.mark.parametrize("name", ["a\ud800", "a\0b", "a\nb", "\x1b[31m", "a\u202eb", " ", "x" * 201])
def test_a_name_that_would_stop_the_node_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="isn't a valid node name"):
        settings_from(identifier=name)
    assert settings_from(identifier="Schnittplatz 5 – 日本").identifier == "Schnittplatz 5 – 日本"


def test_one_wrong_setting_costs_no_other(tmp_path: Path) -> None:
    file = SettingsFile(tmp_path)
    data = asdict(ALL) | {"colour": "red"}
    data["node"] |= {"slots": 0, "slot": 3}
    data["window"] |= {"notices": 3}
    file.path.write_text(json.dumps(data))
    loaded = file.load()
    node, window = replace(ALL.node, slots=None), replace(ALL.window, notices=NoticeWishes())
    assert loaded.preferences == replace(ALL, node=node, window=window)
    assert str(loaded.trouble) == (
        f"The settings in {file.path} are used but for this: "
        "node.slots: this is no whole number from 1 to 1000; node.slot: there is no such setting; "
        "window.notices: this is no object with fields; colour: there is no such setting. "
        "All others hold; when settings are saved, this file is kept beside the new one."
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
    with pytest.raises(UserError, match="cannot be saved in"):
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
        heartbeat=5.0,
        data_dir=Path("/d"),
        debug="",
        sources=sources,
    )


def test_the_file_fills_what_was_not_given() -> None:
    found = settings(slots=Source.COMMAND_LINE, labels=Source.ENVIRONMENT).with_preferences(ALL)
    assert (found.slots, found.source("slots")) == (4, Source.COMMAND_LINE)
    assert (found.labels, found.source("labels")) == (("given",), Source.ENVIRONMENT)
    assert (found.identifier, found.source("identifier")) == ("bay 5", Source.FILE)
    assert (found.ffmpeg, found.source("ffmpeg")) == ("/opt/ffmpeg", Source.FILE)
    assert (found.database, found.password_kept) == ("postgresql://me@db/ffmate", True)


def test_the_rest_is_default_also_when_the_file_forgets_it() -> None:
    found = settings().with_preferences(ALL).with_preferences(Preferences())
    assert (found.database, found.identifier, found.slots) == (None, default_identifier(), 3)
    assert {found.source(name) for name in ("database", "identifier", "slots", "ffmpeg", "labels")} == {
        Source.DEFAULT
    }


def test_the_keyring_is_only_asked_for_the_address_of_the_file() -> None:
    assert not settings(database=Source.COMMAND_LINE).with_preferences(ALL).password_kept
