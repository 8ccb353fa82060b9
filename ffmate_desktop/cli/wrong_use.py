"""Says what is wrong with the words of a command line, in the words of this program instead of typer's."""

import re
from typing import Any

from ffmate_desktop.domain.counts import either

_EXTRA_WORDS = re.compile(r"unexpected extra arguments?(?:\(s\))? \((.*)\)$", re.DOTALL)
_CHOICE = re.compile(r"'(.*)' is not one of (.*?)\.?$", re.DOTALL)
_QUOTED = re.compile("'(.*?)'")


def wrong_use_sentence(error: Any) -> str:
    """The sentence for a usage error of typer; an error we don't know keeps typer's words."""
    param = getattr(error, "param", None)
    kind = type(error).__name__
    if kind == "NoSuchOption":
        guess = f" Did you mean {either(sorted(error.possibilities))}?" if error.possibilities else ""
        return f"There is no option {error.option_name}.{guess}"
    if kind == "BadOptionUsage" and error.message.endswith("requires an argument."):
        return f"{error.option_name} needs a value."
    if kind == "MissingParameter" and param is not None:
        return f"{_name(param)} is missing."
    if param is not None and (choice := _CHOICE.search(error.message)):
        return f"{_name(param)} takes {either(_QUOTED.findall(choice[2]))}, not “{choice[1]}”."
    if extra := _EXTRA_WORDS.search(error.message):
        return f"This command doesn't take “{extra[1]}”."
    message: str = error.format_message().replace("Value error, ", "")
    return message if message.endswith((".", "?", "!")) else f"{message}."


def _name(param: Any) -> str:
    return str(param.opts[0] if param.param_type_name == "option" else param.metavar or param.name)
