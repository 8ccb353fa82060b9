"""Base classes of all commands: the layout of help, and errors for unknown or missing words."""

import difflib
from collections.abc import Sequence
from typing import Any

import typer
from typer.core import TyperArgument, TyperCommand, TyperGroup

from ffmate_desktop.cli.output import output
from ffmate_desktop.domain.errors import UsageError

# typer brings its own click or uses the installed one, depending on its version; these are the same in both
CLICK_USAGE_ERROR: type[typer.BadParameter] = typer.BadParameter.__mro__[1]
CLICK_ERROR: type[typer.BadParameter] = typer.BadParameter.__mro__[2]


class Command(TyperCommand):
    """A command whose help shows its arguments without Python's types."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Like typer's; an error names this command."""
        try:
            return super().parse_args(ctx, args)
        except CLICK_USAGE_ERROR as error:
            error.ctx = error.ctx or ctx  # the option parser doesn't know the command
            raise

    def invoke(self, ctx: Any) -> Any:
        """Like typer's; stdout learns which command writes to it."""
        if (raw := output()) is not None:
            raw.belongs_to(ctx.command_path)
        return super().invoke(ctx)

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """`[OPTIONS] UUID...`; optional words are in brackets."""
        pieces = [_word(part) if part.required else f"[{_word(part)}]" for part in _arguments(self, ctx)]
        return ["[OPTIONS]", *pieces]

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the sections of arguments and options."""
        arguments = _arguments(self, ctx)
        options = [record for part in self.get_params(ctx) if (record := _record(part, ctx)) is not None]
        if arguments:
            with formatter.section("Arguments"):
                formatter.write_dl([(_word(part), part.help or "") for part in arguments])
        with formatter.section("Options"):
            formatter.write_dl(options)


class Group(TyperGroup):
    """A command with subcommands."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Like typer's; without a subcommand, the error lists them."""
        if not args and not self.invoke_without_command:
            raise UsageError(f"`{ctx.command_path}` needs a command.", self.hint(ctx))
        return super().parse_args(ctx, args)

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """Like typer's; an unknown word gets an error with the most similar command."""
        if args and self.get_command(ctx, args[0]) is None:
            raise self.unknown(ctx, args[0])
        return super().resolve_command(ctx, args)

    def unknown(self, ctx: Any, word: str) -> UsageError:
        """The error for a word that isn't a command."""
        close = difflib.get_close_matches(word, self.list_commands(ctx), n=1)
        guess = f" Did you mean “{close[0]}”?" if close else ""
        return UsageError(f"`{ctx.command_path}` has no command “{word}”.{guess}", self.hint(ctx))

    def hint(self, ctx: Any) -> str:
        """Lists the commands."""
        return f"Commands: {', '.join(self.list_commands(ctx))}. `{ctx.command_path} --help` explains them."


def _arguments(command: TyperCommand, ctx: Any) -> Sequence[TyperArgument]:
    return [part for part in command.get_params(ctx) if isinstance(part, TyperArgument)]


def _record(part: Any, ctx: Any) -> tuple[str, str] | None:
    return None if isinstance(part, TyperArgument) else part.get_help_record(ctx)


def _word(part: TyperArgument) -> str:
    return f"{part.metavar or part.name}{'' if part.nargs == 1 else '...'}"
