"""The order of options: those of the program may come before or after the command."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from typer.core import TyperGroup, TyperOption

from ffmate_desktop.cli.command_classes import Group
from ffmate_desktop.domain.errors import UsageError

FILES = "ffmate_desktop.files"
"""Key in the context for files that were named instead of a command."""


class RootGroup(Group):
    """The root command. Its options also work after a subcommand, unless that has one with the same name.

    `submit --label gpu` is the task's label, `--label gpu submit` the node's.
    """

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Move our own options to the front, then parse. A first word that is a file opens the window."""
        front, rest = self.hoist(ctx, args)
        words = rest[1:] if rest[:1] == ["--"] else rest
        if words and self.get_command(ctx, words[0]) is None and Path(words[0]).exists():
            ctx.meta[FILES] = words
            rest = []
        return super().parse_args(ctx, front + rest)

    def hoist(self, ctx: Any, args: Sequence[str]) -> tuple[list[str], list[str]]:
        """Our options, and all other words. Words after `--` stay where they are."""
        own = _options(self.get_params(ctx))
        command: object = self
        theirs = own
        front: list[str] = []
        rest: list[str] = []
        position = 0
        while position < len(args):
            word = args[position]
            if word == "--":
                rest += args[position:]
                break
            name = word.partition("=")[0]
            option = theirs.get(name) or own.get(name)
            if option is None or not word.startswith("-"):
                if isinstance(command, TyperGroup) and not word.startswith("-"):
                    found = command.get_command(ctx, word)
                    if found is not None:
                        command, theirs = found, _options(found.get_params(ctx))
                rest.append(word)
                position += 1
                continue
            taken = 1 if "=" in word or option.is_flag or option.count else 1 + option.nargs
            ours = option is own.get(name)
            (front if ours else rest).extend(args[position : position + taken])
            position += taken
        return front, rest

    def unknown(self, ctx: Any, word: str) -> UsageError:
        """The error for a first word, which may be meant as a file."""
        if "." in word or "/" in word or "\\" in word:
            return UsageError(
                f"There is no file “{word}”, and no such command.",
                f"`{ctx.command_path} --help` shows the commands.",
            )
        return super().unknown(ctx, word)


def _options(params: Iterable[object]) -> dict[str, TyperOption]:
    return {
        word: param
        for param in params
        if isinstance(param, TyperOption)
        for word in (*param.opts, *param.secondary_opts)
        if word != "--help"
    }
