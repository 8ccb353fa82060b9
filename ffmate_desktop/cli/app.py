"""The root of the command line: options of the program, the window, a node without a window."""

import inspect
import os
import sys
from collections.abc import Callable
from typing import Annotated

import typer

from ffmate_desktop import logs
from ffmate_desktop.cli import window
from ffmate_desktop.cli.command_classes import CLICK_ERROR, CLICK_USAGE_ERROR
from ffmate_desktop.cli.commands import LateGroup
from ffmate_desktop.cli.context import Context
from ffmate_desktop.cli.errors import complain, complain_of_file
from ffmate_desktop.cli.option_order import FILES
from ffmate_desktop.cli.output import LostOutputError, output
from ffmate_desktop.cli.signatures import option_parameter, set_parameters
from ffmate_desktop.cli.terminal import say
from ffmate_desktop.cli.version import version
from ffmate_desktop.cli.wrong_use import wrong_use_sentence
from ffmate_desktop.domain.errors import UsageError, UserError
from ffmate_desktop.settings.file import with_file
from ffmate_desktop.settings.read import read_settings, refuse_misspelt_variables
from ffmate_desktop.settings.table import SETTINGS

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


def _show_version(is_asked: bool) -> None:
    if is_asked:
        version()
        raise typer.Exit


def _with_settings(command: Callable[..., None]) -> Callable[..., None]:
    """Add an option for each setting to the parameters of `command`, before the last one.

    The options only collect words, which `read_settings` understands, as it does for a start without typer.
    """
    first, *others = inspect.signature(command, eval_str=True).parameters.values()
    fixed = [parameter for parameter in others if parameter.kind is not inspect.Parameter.VAR_KEYWORD]
    options = [
        option_parameter(
            setting.field,
            Annotated[
                list[str] | None if setting.kind.is_list else str | None,
                typer.Option(
                    setting.option, envvar=setting.variables, help=setting.help_text, metavar=setting.metavar
                ),
            ],
        )
        for setting in SETTINGS
    ]
    last = fixed[-1].replace(kind=inspect.Parameter.KEYWORD_ONLY)
    set_parameters(command, [first, *fixed[:-1], *options, last])
    return command


@app.callback(invoke_without_command=True)
@_with_settings
def root(
    typer_context: typer.Context,
    no_gui: Annotated[bool, typer.Option("--no-gui", help="Run a node without a window.")] = False,
    _version: Annotated[
        bool,
        typer.Option("--version", help="Show the version and exit.", callback=_show_version, is_eager=True),
    ] = False,
    **_options: object,
) -> None:
    """Share video encoding among several computers: one queue, any number of nodes, real ffmpeg.

    Without a command, the window opens with the files that you name. Every computer that runs `ffmate-desktop
    --database URI`, with or without `--no-gui`, works on the tasks in that database.
    """
    refuse_misspelt_variables(os.environ)
    settings, trouble = with_file(read_settings(_options_on_command_line(typer_context), os.environ))
    is_window = typer_context.invoked_subcommand is None and not no_gui
    if trouble is not None and not is_window:  # the window shows it itself
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
                "A node without a window can't open files.",
                f"`ffmate-desktop submit {files[0]}` adds them to the queue.",
            )
        from ffmate_desktop.cli import node  # noqa: PLC0415 - other commands don't need it

        node.serve(typer_context.obj)


def _options_on_command_line(typer_context: typer.Context) -> dict[str, list[str]]:
    """The words of each setting's option, without what typer found in the environment."""
    words = {}
    for setting in SETTINGS:
        source = typer_context.get_parameter_source(setting.field)
        if source is not None and source.name == "COMMANDLINE":
            value = typer_context.params[setting.field]
            words[setting.option] = value if setting.kind.is_list else [value]
    return words


def main() -> None:
    """Entry point: runs the command line and turns each expected failure into a sentence and an exit code."""
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
        complain(f"{wrong_use_sentence(error)} `{command} --help` shows how to use it.", error)
        return UsageError.exit_code
    except CLICK_ERROR as error:
        complain(error.format_message(), error)
        return 1
    except (KeyboardInterrupt, typer.Abort):
        return 130
    except OSError as error:
        return complain_of_file(error)
    return result if isinstance(result, int) else 0
