"""Every setting of the table works in every place that is derived from the table, also one that is added to it."""

import dataclasses
import hashlib
import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from ffmate_desktop import logs
from ffmate_desktop.bootstrap.cluster import permissions_of
from ffmate_desktop.bootstrap.start_command import start_command
from ffmate_desktop.bootstrap.window import make_setup
from ffmate_desktop.cli import app, fast_start, node, window
from ffmate_desktop.cli.context import Context
from ffmate_desktop.cli.doctor import settings_checks
from ffmate_desktop.demo.nodes import node_words
from ffmate_desktop.domain.errors import UserError
from ffmate_desktop.gui.desktop.single_instance import differing_options, explicit_digests
from ffmate_desktop.settings import read, table
from ffmate_desktop.settings.file import SettingsFile
from ffmate_desktop.settings.preferences import Preferences
from ffmate_desktop.settings.read import PREFIX, read_settings
from ffmate_desktop.settings.setting import Setting, Source
from ffmate_desktop.settings.table import (
    DATA_DIR,
    DATABASE,
    FFMPEG,
    IDENTIFIER,
    LABELS,
    SETTINGS,
    SLOTS,
    Settings,
)

GUESSES = ("normal", "low", "high", "on", "true", "7", "0.75", "30d", "10GB", "x")
"""Tried on a setting whose metavar isn't known here; the first that changes something is used."""

Start = Callable[..., Settings]


@pytest.fixture
def start(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Start:
    """Starts the program up to where the window or the node would begin, and returns their settings."""
    for variable in [name for name in os.environ if name.startswith(PREFIX)]:
        monkeypatch.delenv(variable)  # also those of the tests, which would load typer
    monkeypatch.setattr(logs, "configure", lambda _rules: None)
    monkeypatch.setenv(DATA_DIR.variable, str(tmp_path / "data"))

    def started(*words: str, variables: Mapping[str, str] | None = None) -> Settings:
        found: list[Settings] = []

        def serve(context: Context) -> None:
            found.append(context.settings)

        def show(shown: Settings, _files: object) -> int:
            found.append(shown)
            return 0

        with monkeypatch.context() as patch:
            patch.setattr(window, "show", show)
            patch.setattr(node, "serve", serve)
            patch.setattr("sys.argv", ["ffmate-desktop", *words])
            for name, value in (variables or {}).items():
                patch.setenv(name, value)
            with pytest.raises(SystemExit) as ended:
                fast_start.main()
        assert (ended.value.code, len(found)) == (0, 1), words
        return found[0]

    return started


def value_of(setting: Setting[Any], start: Start, tmp_path: Path) -> str:
    """A word that the option takes and that isn't the default."""
    by_metavar = {"DIR": str(tmp_path), "PATH": str(tmp_path / "path"), "URI": "postgresql://user@host/queue"}
    for guess in (by_metavar.get(setting.metavar), *GUESSES):
        if guess is not None:
            try:
                found = start(f"{setting.option}={guess}")
            except AssertionError:  # it is refused
                continue
            if getattr(found, setting.field) != getattr(start(), setting.field):
                return guess
    pytest.fail(f"{setting.option}: add a value to GUESSES")


def without_sources(settings: Settings) -> Settings:
    return replace(settings, sources={})


every_setting = pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.option)


@every_setting
def test_a_setting_works_on_every_way_to_start(setting: Setting[Any], start: Start, tmp_path: Path) -> None:
    value = value_of(setting, start, tmp_path)
    wanted = start(f"{setting.option}={value}")
    assert wanted.source(setting) is Source.COMMAND_LINE
    another = "--ffmpeg=other" if setting is LABELS else "--label=other"
    for variable in setting.variables:
        for words in ([], ["--no-gui"], ["server"], [str(tmp_path)], [another]):
            found = start(*words, variables={variable: value})
            assert getattr(found, setting.field) == getattr(wanted, setting.field), words
            assert found.source(setting) is Source.ENVIRONMENT, words
        assert without_sources(start(variables={variable: value})) == without_sources(wanted)
    typed = start("--no-gui", setting.option, value)
    assert without_sources(typed) == without_sources(wanted)


@every_setting
def test_a_setting_needs_no_typer(
    setting: Setting[Any], start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    value = value_of(setting, start, tmp_path)
    monkeypatch.setattr(app, "main", lambda: pytest.fail("typer was loaded"))
    start(setting.option, value)
    start(variables={setting.variable: value})


@pytest.mark.parametrize(
    "setting", [setting for setting in SETTINGS if setting.file_key], ids=lambda setting: setting.option
)
def test_a_setting_works_from_the_settings_file(setting: Setting[Any], start: Start, tmp_path: Path) -> None:
    value = getattr(start(f"{setting.option}={value_of(setting, start, tmp_path)}"), setting.field)
    SettingsFile(tmp_path / "data").save(Preferences().choose({setting: value}))
    for words in ([], ["--no-gui"], ["server"]):
        found = start(*words)
        assert (getattr(found, setting.field), found.source(setting)) == (value, Source.FILE)
    for default in setting.words(setting.default):
        found = start(f"{setting.option}={default}")
        assert (getattr(found, setting.field), found.source(setting)) == (
            setting.default,
            Source.COMMAND_LINE,
        )


@every_setting
def test_the_start_at_login_repeats_a_setting(setting: Setting[Any], start: Start, tmp_path: Path) -> None:
    wanted = start(variables={setting.variable: value_of(setting, start, tmp_path)})
    command = start_command(wanted)
    at_login = start(*command[next(i for i, word in enumerate(command) if word.startswith("--")) :])
    assert without_sources(at_login) == without_sources(wanted)


@every_setting
def test_a_second_start_notices_another_value(setting: Setting[Any], start: Start, tmp_path: Path) -> None:
    second = explicit_digests(start(f"{setting.option}={value_of(setting, start, tmp_path)}"))
    first = start()
    assert differing_options(first, second) == ([] if setting is DATA_DIR else [setting.option])
    assert differing_options(first, explicit_digests(first)) == []


def test_a_window_of_an_earlier_release_recognizes_the_same_number(start: Start) -> None:
    digests = explicit_digests(start("--heartbeat=5"))
    assert digests == {"--heartbeat": hashlib.sha256(b"--heartbeat=5.0").hexdigest()}


@every_setting
def test_nodes_of_the_demo_get_a_setting(setting: Setting[Any], start: Start, tmp_path: Path) -> None:
    wanted = start(f"{setting.option}={value_of(setting, start, tmp_path)}")
    for_demo = start("--no-gui", *node_words(wanted))
    if setting not in (DATABASE, LABELS):  # the demo has its own
        assert getattr(for_demo, setting.field) == getattr(wanted, setting.field)


@every_setting
def test_a_setting_stays_when_the_window_changes_others(
    setting: Setting[Any], start: Start, tmp_path: Path
) -> None:
    wanted = start(f"{setting.option}={value_of(setting, start, tmp_path)}")
    elsewhere = Preferences().choose(
        {
            IDENTIFIER: "other",
            SLOTS: 9,
            LABELS: ("other",),
            FFMPEG: "/other",
            DATABASE: "postgresql://other@elsewhere/queue",
        }
    )
    plan = make_setup(wanted).plan(elsewhere, None)
    assert getattr(plan.settings, setting.field) == getattr(wanted, setting.field)


@every_setting
def test_doctor_shows_a_setting_with_its_source(setting: Setting[Any], start: Start, tmp_path: Path) -> None:
    value = value_of(setting, start, tmp_path)
    lines = settings_checks(start(variables={setting.variable: value}))[0].message.splitlines()
    assert f"{setting.field}: {value} (environment)" in lines
    assert len(lines) == len(SETTINGS)


@every_setting
def test_the_help_has_a_setting(setting: Setting[Any]) -> None:
    root = get_command(app.app)
    text = " ".join(root.get_help(root.context_class(root)).split())
    assert f"{setting.option} {setting.metavar} {setting.help_text}" in text
    assert f"[env var: {', '.join(setting.variables)}" in text
    assert setting.help_text.endswith(".") and "Default: " in setting.help_text


def test_the_table_and_the_record_agree() -> None:
    declared = {value for value in vars(table).values() if isinstance(value, Setting)}
    assert set(SETTINGS) == declared
    fields = [field.name for field in dataclasses.fields(Settings)]
    assert fields == [*(setting.field for setting in SETTINGS), "sources", "password_kept"]
    for setting in SETTINGS:
        assert getattr(Settings(), setting.field) is setting.default
        assert setting.variable.startswith(PREFIX)
        if setting.words(setting.default):
            assert setting.kind.read(setting.words(setting.default)) == setting.default


def test_limits_in_the_environment_are_limits_of_the_window(start: Start, tmp_path: Path) -> None:
    names = ("FFMATE_ALLOW_READ", "FFMATE_ALLOW_WRITE", "FFMATE_ALLOW_SCRIPTS")
    found = start(variables=dict.fromkeys(names, str(tmp_path)))
    allowed = permissions_of(found).current()
    assert (allowed.read, allowed.write, allowed.scripts) == ((tmp_path,),) * 3


def test_an_unknown_variable_is_left_to_typer(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fast_start, "_open_window", lambda _start: pytest.fail("typer was not loaded"))
    start(variables={"FFMATE_OF_A_NEWER_RELEASE": "x"})


@pytest.mark.parametrize("name", ["FFMATE_ALLOW_REED", "FFMATE_ALOW_WRITE", "FFMATE_LABEL"])
@pytest.mark.parametrize("words", [[], ["--no-gui"], ["server"]])
def test_a_misspelt_variable_is_refused(
    name: str, words: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(name, "/x")
    monkeypatch.setattr("sys.argv", ["ffmate-desktop", *words])
    with pytest.raises(SystemExit) as ended:
        fast_start.main()
    assert ended.value.code == 2
    assert f"There is no setting {name}. Did you mean FFMATE_" in capsys.readouterr().err


def test_the_start_at_login_shows_no_password(start: Start) -> None:
    found = start("--database", "postgresql://user:secret@host/queue")
    assert start_command(found)[-1] == "--database=postgresql://user@host/queue"


def test_an_empty_part_of_a_limit_is_not_the_current_folder(start: Start, tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FFMATE_ALLOW_READ", f"{tmp_path}{os.pathsep}")
        with pytest.raises(UserError, match="FFMATE_ALLOW_READ has an empty part"):
            app.app(["--no-gui"], standalone_mode=False)


@pytest.mark.parametrize("words", [(), ("--no-gui",)])
def test_an_empty_option_hides_its_variable(start: Start, words: tuple[str, ...]) -> None:
    found = start(*words, "--database=", variables={"FFMATE_DATABASE": "postgresql://user@host/queue"})
    assert found.database is None


@pytest.mark.parametrize("option", ["--max-concurrent-tasks", "--heartbeat", "--encode-priority"])
def test_an_empty_number_or_choice_is_refused(option: str) -> None:
    with pytest.raises(UserError, match=rf"^{option} takes .*, not “”"):
        read_settings({option: [""]}, {})


def test_the_default_data_folder_is_a_full_path(monkeypatch: pytest.MonkeyPatch) -> None:
    """XDG_DATA_HOME may be relative. Without a home folder there is no default, rather than a folder named ~."""
    monkeypatch.setattr(read, "DATA_DIR", replace(DATA_DIR, default=Path("data")))
    assert read_settings({}, {}).data_dir == Path.cwd() / "data"
    monkeypatch.setattr(read, "DATA_DIR", replace(DATA_DIR, default=Path("~without-a-home/data")))
    with pytest.raises(UserError, match=r"^--data-dir has no home folder"):
        read_settings({}, {})
    assert read_settings({DATA_DIR.option: ["/data"]}, {}).data_dir == Path("/data").absolute()
