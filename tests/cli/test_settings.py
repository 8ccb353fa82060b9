"""Every setting holds on every way to start the program. The settings are found, so a new one is tried too."""

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from ffmate_desktop import logs, settings
from ffmate_desktop.bootstrap.cluster import permissions_of
from ffmate_desktop.bootstrap.start_command import start_command
from ffmate_desktop.bootstrap.window import make_setup
from ffmate_desktop.cli import app, fast_start, node, window
from ffmate_desktop.cli.context import Context
from ffmate_desktop.demo.nodes import node_words
from ffmate_desktop.domain.errors import UserError
from ffmate_desktop.domain.preferences import ClusterWishes, NodeWishes, Preferences
from ffmate_desktop.settings import DATA_DIR, DATABASE, LABEL, SETTINGS, Setting, Settings

GUESSES = ("normal", "low", "high", "on", "true", "7", "0.75", "30d", "10GB", "x")
"""Tried on a setting whose metavar is not known here; the first that changes something is used."""

Start = Callable[..., Settings]


@pytest.fixture
def start(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Start:
    """Starts the program up to where the window or the node would begin, and returns what they would be given."""
    for setting in SETTINGS:
        monkeypatch.delenv(setting.environment, raising=False)
    monkeypatch.setattr(logs, "show", lambda _rules: None)
    monkeypatch.setenv(DATA_DIR.environment, str(tmp_path / "data"))

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


def value_of(setting: Setting, start: Start, tmp_path: Path) -> str:
    """A value that the command line takes and that is not the default."""
    by_kind = {"DIR": str(tmp_path), "PATH": str(tmp_path / "path"), "URI": "postgresql://user@host/queue"}
    default = start()
    for guess in (by_kind.get(setting.value), *GUESSES):
        if guess is not None:
            try:
                found = start(f"{setting.option}={guess}")
            except AssertionError:  # it is refused
                continue
            if getattr(found, setting.name) != getattr(default, setting.name):
                return guess
    pytest.fail(f"{setting.option}: add a value to GUESSES")


def same(one: Settings, other: Settings) -> bool:
    """All but the memory of where it comes from."""
    return replace(one, sources={}) == replace(other, sources={})


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda one: one.option)
def test_a_setting_holds_on_every_way_to_start(setting: Setting, start: Start, tmp_path: Path) -> None:
    value = value_of(setting, start, tmp_path)
    wanted = start(f"{setting.option}={value}")
    assert wanted.given(setting)
    variables = {setting.environment: value}
    another = "--ffmpeg=other" if setting is LABEL else "--label=other"
    for words in ([], ["--no-gui"], ["server"], [str(tmp_path)], [another]):
        found = start(*words, variables=variables)
        assert getattr(found, setting.name) == getattr(wanted, setting.name), words
        assert found.given(setting), words
    from_environment = start(variables=variables)
    assert same(from_environment, wanted)
    command = start_command(from_environment)
    at_login = start(*command[next(i for i, word in enumerate(command) if word.startswith("--")) :])
    assert same(at_login, wanted)


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda one: one.option)
def test_a_setting_stays_when_the_window_changes_others(
    setting: Setting, start: Start, tmp_path: Path
) -> None:
    wanted = start(f"{setting.option}={value_of(setting, start, tmp_path)}")
    elsewhere = Preferences(
        node=NodeWishes(identifier="other", slots=9, labels=("other",), ffmpeg="/other"),
        cluster=ClusterWishes(database="postgresql://other@elsewhere/queue"),
    )
    plan = make_setup(wanted).plan(elsewhere, None)
    assert getattr(plan.settings, setting.name) == getattr(wanted, setting.name)
    for_demo = start("--no-gui", *node_words(wanted))
    if setting not in (DATABASE, LABEL):  # the demo has its own
        assert getattr(for_demo, setting.name) == getattr(wanted, setting.name)


def test_no_setting_is_left_out() -> None:
    declared = {value for value in vars(settings).values() if isinstance(value, Setting)}
    assert set(SETTINGS) == declared


def test_limits_in_the_environment_are_limits_of_the_window(start: Start, tmp_path: Path) -> None:
    names = ("FFMATE_ALLOW_READ", "FFMATE_ALLOW_WRITE", "FFMATE_ALLOW_SCRIPTS")
    found = start(variables=dict.fromkeys(names, str(tmp_path)))
    allowed = permissions_of(found).current()
    assert (allowed.read, allowed.write, allowed.scripts) == ((tmp_path,),) * 3


def test_an_unknown_variable_takes_the_long_way(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fast_start, "_open_window", lambda _wish: pytest.fail("the short cut was taken"))
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
