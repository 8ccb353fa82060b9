"""The root of the command line: options of the program, a node without a window, and the groups of commands."""

import difflib
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from ffmate_desktop import logs
from ffmate_desktop.cli import window
from ffmate_desktop.cli.command_classes import CLICK_ERROR, CLICK_USAGE_ERROR
from ffmate_desktop.cli.commands import LateGroup
from ffmate_desktop.cli.context import Context
from ffmate_desktop.cli.errors import complain, complain_of_file
from ffmate_desktop.cli.numbers import number_option
from ffmate_desktop.cli.option_order import FILES
from ffmate_desktop.cli.output import LostOutputError, output
from ffmate_desktop.cli.settings_args import settings_from, with_file
from ffmate_desktop.cli.terminal import say
from ffmate_desktop.cli.version import version
from ffmate_desktop.domain.encode_priority import EncodePriority
from ffmate_desktop.domain.errors import UsageError, UserError
from ffmate_desktop.domain.retention import DEFAULT_LOG_DAYS, MAX_COUNT, MAX_DAYS
from ffmate_desktop.settings import (
    ALLOW_READ,
    ALLOW_SCRIPTS,
    ALLOW_WRITE,
    DATA_DIR,
    DATABASE,
    DEBUG,
    DEFAULT_DRAIN_TIME,
    DEFAULT_HEARTBEAT,
    DEFAULT_SCRIPT_TIMEOUT,
    DEFAULT_SLOTS,
    DRAIN_TIME,
    ENCODE_PRIORITY,
    FFMPEG,
    HEARTBEAT,
    IDENTIFIER,
    KEEP_LOGS_COUNT,
    KEEP_LOGS_DAYS,
    KEEP_TASKS_COUNT,
    KEEP_TASKS_DAYS,
    LABEL,
    MAX_CONCURRENT_TASKS,
    SCRIPT_TIMEOUT,
    SETTINGS,
    Setting,
    Source,
    other_settings,
)

app = typer.Typer(
    cls=LateGroup,
    name="ffmate-desktop",
    subcommand_metavar="[FILE... | COMMAND [ARGS]...]",
    add_completion=False,
    no_args_is_help=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)


def _option(setting: Setting) -> Any:
    return typer.Option(setting.option, envvar=setting.environment, help=setting.help, metavar=setting.value)


def _number(setting: Setting, least: float, most: float, *, whole: bool = False) -> Any:
    return number_option(
        setting.option,
        setting.value,
        f"{setting.help} From {least:.10g} to {most:.10g}.",
        least=least,
        most=most,
        whole=whole,
        environment=setting.environment,
    )


def _tell_version(asked: bool) -> None:
    if asked:
        version()
        raise typer.Exit


@app.callback(invoke_without_command=True)
def root(
    typer_context: typer.Context,
    no_gui: Annotated[bool, typer.Option("--no-gui", help="Run a node without a window.")] = False,
    database: Annotated[str | None, _option(DATABASE)] = None,
    identifier: Annotated[str | None, _option(IDENTIFIER)] = None,
    max_concurrent_tasks: Annotated[int, _number(MAX_CONCURRENT_TASKS, 1, 1000, whole=True)] = DEFAULT_SLOTS,
    ffmpeg: Annotated[str | None, _option(FFMPEG)] = None,
    label: Annotated[list[str] | None, _option(LABEL)] = None,
    encode_priority: Annotated[EncodePriority | None, _option(ENCODE_PRIORITY)] = None,
    heartbeat: Annotated[float, _number(HEARTBEAT, 0.5, 3600)] = DEFAULT_HEARTBEAT,
    drain_time: Annotated[float, _number(DRAIN_TIME, 0, 86400)] = DEFAULT_DRAIN_TIME,
    allow_scripts: Annotated[list[Path] | None, _option(ALLOW_SCRIPTS)] = None,
    allow_read: Annotated[list[Path] | None, _option(ALLOW_READ)] = None,
    allow_write: Annotated[list[Path] | None, _option(ALLOW_WRITE)] = None,
    script_timeout: Annotated[float, _number(SCRIPT_TIMEOUT, 0, 604_800)] = DEFAULT_SCRIPT_TIMEOUT,
    keep_logs_days: Annotated[int, _number(KEEP_LOGS_DAYS, 0, MAX_DAYS, whole=True)] = DEFAULT_LOG_DAYS,
    keep_logs_count: Annotated[int, _number(KEEP_LOGS_COUNT, 0, MAX_COUNT, whole=True)] = 0,
    keep_tasks_days: Annotated[int, _number(KEEP_TASKS_DAYS, 0, MAX_DAYS, whole=True)] = 0,
    keep_tasks_count: Annotated[int, _number(KEEP_TASKS_COUNT, 0, MAX_COUNT, whole=True)] = 0,
    data_dir: Annotated[Path | None, _option(DATA_DIR)] = None,
    debug: Annotated[
        str, typer.Option(DEBUG.option, help=DEBUG.help, metavar=DEBUG.value, show_default=False)
    ] = "",
    _version: Annotated[
        bool,
        typer.Option("--version", help="Show the version and exit.", callback=_tell_version, is_eager=True),
    ] = False,
) -> None:
    """Put several computers to work on video: one queue, any number of nodes, real ffmpeg.

    Without a command the window opens, with the files that are named. Every computer that runs `ffmate-desktop
    --database URI`, with or without `--no-gui`, works on the tasks in that database.
    """
    _refuse_misspelt()
    if data_dir is not None and os.path.isfile(data_dir):  # noqa: PTH113 - answers where one may not look, too
        raise UsageError(f"{DATA_DIR.option}: “{data_dir}” is a file, not a folder.")
    settings = settings_from(
        database=database,
        identifier=identifier,
        slots=max_concurrent_tasks,
        ffmpeg=ffmpeg,
        labels=label or (),
        heartbeat=heartbeat,
        drain_time=drain_time,
        data_dir=data_dir,
        debug=debug,
        sources=_sources(typer_context),
    )
    settings = replace(
        settings,
        script_timeout=script_timeout,
        allow_scripts=_folders(allow_scripts, ALLOW_SCRIPTS),
        allow_read=_folders(allow_read, ALLOW_READ),
        allow_write=_folders(allow_write, ALLOW_WRITE),
        encode_priority=encode_priority,
        keep_logs_days=keep_logs_days,
        keep_logs_count=keep_logs_count,
        keep_tasks_days=keep_tasks_days,
        keep_tasks_count=keep_tasks_count,
    )
    settings, trouble = with_file(settings)
    is_window = typer_context.invoked_subcommand is None and not no_gui
    if trouble is not None and not is_window:  # the window tells it itself
        say(f"ffmate-desktop: {trouble}", err=True)
    typer_context.obj = Context(settings)
    is_node = no_gui or typer_context.invoked_subcommand == "server"
    logs.configure(settings.debug or (logs.DEFAULT_RULES if is_node else logs.QUIET_RULES))
    if typer_context.invoked_subcommand is None:
        files = typer_context.meta.get(FILES, [])
        if not no_gui:
            raise typer.Exit(window.show(settings, files))
        if files:
            raise UsageError(
                "A node without a window opens no files.", f"`ffmate-desktop submit {files[0]}` queues them."
            )
        from ffmate_desktop.cli import node  # noqa: PLC0415 - other commands need none

        node.serve(typer_context.obj)


def _refuse_misspelt() -> None:
    """As on the command line: a limit whose variable is misspelt would hold nobody back."""
    for name in other_settings(SETTINGS):
        meant = difflib.get_close_matches(name, [one.environment for one in SETTINGS], n=1, cutoff=_ALIKE)
        if meant:
            raise UsageError(f"There is no setting {name}.", f"Did you mean {meant[0]}?")


def _folders(given: list[Path] | None, setting: Setting) -> tuple[Path, ...]:
    """The whole paths of folders; one that is not there is said at once, since nothing in it could be allowed."""
    if not all(map(str.strip, (os.environ.get(setting.environment) or "x").split(os.pathsep))):
        raise UsageError(f"{setting.environment} has an empty part, which would mean the current folder.")
    folders = tuple(path.expanduser().absolute() for path in given or ())
    for folder in folders:
        if not folder.is_dir():
            raise UsageError(f"{setting.option}: there is no folder “{folder}”.")
    return folders


_ALIKE = 0.9
"""How alike two names are that are one with a slip; a setting of another release differs by more."""

_SOURCES = {"COMMANDLINE": Source.COMMAND_LINE, "ENVIRONMENT": Source.ENVIRONMENT}


def _sources(typer_context: typer.Context) -> dict[str, Source]:
    """Which fields of the settings were given, and where; an empty value gives nothing."""
    found = {}
    for setting in SETTINGS:
        source = typer_context.get_parameter_source(setting.parameter)
        if (
            source is not None
            and source.name in _SOURCES
            and typer_context.params.get(setting.parameter) not in ("", None)
        ):
            found[setting.name] = _SOURCES[source.name]
    return found


def main() -> None:
    """Entry point: runs the command line and turns every expected failure into a sentence and an exit code."""
    try:
        code = _run(sys.argv[1:])
    except LostOutputError as error:
        code = 1 if error.is_wanted else 0
        if error.is_wanted:
            complain(str(error), error)
    sys.exit(code)


def _run(arguments: list[str]) -> int:
    try:
        result = app(arguments, prog_name="ffmate-desktop", standalone_mode=False)
        if sys.stdout is not None:  # None for a program that Windows starts without a console
            sys.stdout.flush()
        if (raw := output()) is not None and (lost := raw.lost()):
            say(f"ffmate-desktop: {lost}", err=True)
    except UserError as error:
        complain(str(error), error)
        return error.exit_code
    except CLICK_USAGE_ERROR as error:
        command = error.ctx.command_path if error.ctx else "ffmate-desktop"
        message = error.format_message().replace("Value error, ", "")
        message += "" if message.endswith((".", "?", "!")) else "."
        complain(f"{message} `{command} --help` tells what is possible.", error)
        return UsageError.exit_code
    except CLICK_ERROR as error:
        complain(error.format_message(), error)
        return 1
    except (KeyboardInterrupt, typer.Abort):
        return 130
    except OSError as error:
        return complain_of_file(error)
    return result if isinstance(result, int) else 0
