"""The commands of the program. Each is loaded only when it is used, so that a node starts faster."""

from importlib import import_module
from typing import Any, NamedTuple

import typer
from typer.main import get_group

from ffmate_desktop.cli.command_classes import Command, Group
from ffmate_desktop.cli.option_order import RootGroup


class _Place(NamedTuple):
    """Where a command is defined: a function, or the Typer of a group, in a module of the program."""

    module: str
    name: str
    short_help: str | None = None


_PLACES = {
    "submit": _Place("cli.submit", "submit"),
    "server": _Place("cli.node", "server", "Run a node without a window (same as --no-gui)."),
    "demo": _Place("demo.command", "demo", "Watch several nodes on this computer encode a dozen clips."),
    "import-ffmate": _Place(
        "cli.import_ffmate", "import_ffmate", "Import presets, watchfolders and webhooks."
    ),
    "doctor": _Place("cli.doctor", "doctor", "Check this computer and the database."),
    "version": _Place("cli.version", "version"),
    "tasks": _Place("cli.task_edit", "app"),
    "batches": _Place("cli.batches", "app"),
    "nodes": _Place("cli.node_actions", "nodes"),
    "presets": _Place("cli.presets", "app"),
    "watchfolders": _Place("cli.watched_files", "watchfolders"),
}

NAMES = tuple(_PLACES)


class LateGroup(RootGroup):
    """The root with all commands. It loads one when it is named, and all for the help."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Names, in the order of the help."""
        return list(NAMES)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command, or None."""
        if cmd_name in _PLACES and cmd_name not in self.commands:
            self.commands[cmd_name] = load(cmd_name)
        return super().get_command(ctx, cmd_name)


def load(name: str) -> Any:
    """The command with this name, made by Typer."""
    place = _PLACES[name]
    found = getattr(import_module(f"ffmate_desktop.{place.module}"), place.name)
    root = typer.Typer(add_completion=False, rich_markup_mode=None)
    if isinstance(found, typer.Typer):
        for command in found.registered_commands:
            command.cls = Command
        root.add_typer(found, name=name, cls=Group)
    else:
        root.command(name, short_help=place.short_help, cls=Command)(found)
    return get_group(root).commands[name]
