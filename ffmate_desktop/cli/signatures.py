"""Changes the parameters that a command shows: typer makes a command's options from its signature."""

import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, cast


class _Signed(Protocol):
    """A function with a signature of its own, which Python's function type doesn't declare."""

    __signature__: inspect.Signature


def option_parameter(name: str, annotation: Any) -> inspect.Parameter:
    """A parameter that typer makes an option of. The value is None if the option isn't used."""
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation)


def set_parameters(command: Callable[..., None], parameters: Sequence[inspect.Parameter]) -> None:
    """Make typer see these parameters instead of those that `command` declares."""
    cast(_Signed, command).__signature__ = inspect.Signature(parameters)
    command.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}


def expand_parameter(
    command: Callable[..., None], name: str, options: Mapping[str, Any], build: Callable[..., object]
) -> Callable[..., None]:
    """Replace one parameter of `command` by several options, whose values `build` combines into its argument.

    `options` are annotations by parameter name.
    """

    @functools.wraps(command)
    def run(**arguments: Any) -> None:
        values = {option: arguments.pop(option) for option in options}
        command(**arguments, **{name: build(**values)})

    parameters: list[inspect.Parameter] = []
    for own in inspect.signature(command, eval_str=True).parameters.values():
        if own.name == name:
            parameters += [option_parameter(option, annotation) for option, annotation in options.items()]
        else:
            parameters.append(own.replace(kind=inspect.Parameter.KEYWORD_ONLY))
    set_parameters(run, parameters)
    return run
