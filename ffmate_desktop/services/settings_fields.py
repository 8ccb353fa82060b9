"""Reads preferences from what JSON has of them; what is wrong is named by its place, never by its value."""

from collections.abc import Callable
from enum import StrEnum
from typing import TypeVar

from ffmate_desktop.domain.errors import UsageError
from ffmate_desktop.domain.labels import check_labels
from ffmate_desktop.domain.preferences import (
    MOST_SLOTS,
    VERSION,
    Appearance,
    ClusterWishes,
    NodeWishes,
    NoticeWishes,
    OnClose,
    Preferences,
    WindowWishes,
)

_T = TypeVar("_T")
_Choice = TypeVar("_Choice", bound=StrEnum)


def preferences_from(found: object) -> Preferences:
    """The preferences in a value of JSON; raises ValueError with the place and what is wrong there."""
    fields = _Fields(found)
    fields.take("version", None, lambda value: value)  # who calls knows what it means
    preferences = Preferences(
        version=VERSION,
        node=fields.part("node", _node),
        cluster=fields.part("cluster", _cluster),
        window=fields.part("window", _window),
    )
    fields.end()
    return preferences


def _node(fields: "_Fields") -> NodeWishes:
    return NodeWishes(
        identifier=fields.text("identifier"),
        slots=fields.number("slots", 1, MOST_SLOTS),
        labels=fields.labels("labels"),
        ffmpeg=fields.text("ffmpeg"),
    )


def _cluster(fields: "_Fields") -> ClusterWishes:
    return ClusterWishes(
        database=fields.text("database"),
        password_kept=fields.switch("password_kept", False),
    )


def _window(fields: "_Fields") -> WindowWishes:
    return WindowWishes(
        appearance=fields.choice("appearance", Appearance.SYSTEM),
        on_close=fields.choice("on_close", OnClose.ASK),
        start_at_login=fields.switch("start_at_login", False),
        notices=fields.part("notices", _notices),
    )


def _notices(fields: "_Fields") -> NoticeWishes:
    return NoticeWishes(
        **{name: fields.switch(name, True) for name in ("shown", "batches", "failures", "nodes")}
    )


class _Fields:
    """The fields of one object; each is taken once, and `end` refuses what is left."""

    def __init__(self, found: object, place: str = "") -> None:
        if not isinstance(found, dict):
            raise ValueError(
                f"{place}: this is no object with fields" if place else "it is no object with fields"
            )
        self._left = dict(found)
        self._prefix = f"{place}." if place else ""

    def take(self, name: str, default: _T, read: Callable[[object], _T]) -> _T:
        """The field as `read` understands it, whose ValueError gets the place."""
        if name not in self._left:
            return default
        try:
            return read(self._left.pop(name))
        except ValueError as error:
            raise ValueError(f"{self._prefix}{name}: {error}") from error

    def end(self) -> None:
        """Nothing may be left: somebody meant something by it."""
        for name in self._left:
            raise ValueError(f"{self._prefix}{name}: there is no such setting")

    def part(self, name: str, read: "Callable[[_Fields], _T]") -> _T:
        """An object in this object; a missing one is empty."""
        fields = _Fields(self._left.pop(name, {}), self._prefix + name)
        part = read(fields)
        fields.end()
        return part

    def text(self, name: str) -> str | None:
        """Some characters, or null."""
        return self.take(name, None, _text)

    def number(self, name: str, least: int, most: int) -> int | None:
        """A whole number within these limits, or null."""

        def read(value: object) -> int | None:
            if value is not None and (type(value) is not int or not least <= value <= most):
                raise ValueError(f"this is no whole number from {least} to {most}")
            return value

        return self.take(name, None, read)

    def switch(self, name: str, default: bool) -> bool:
        """True or false."""
        return self.take(name, default, _switch)

    def choice(self, name: str, default: _Choice) -> _Choice:
        """One of the words of the default's kind."""
        kind = type(default)

        def read(value: object) -> _Choice:
            if not isinstance(value, str) or value not in list(kind):
                raise ValueError(f"this is none of {', '.join(kind)}")
            return kind(value)

        return self.take(name, default, read)

    def labels(self, name: str) -> tuple[str, ...]:
        """A list of labels."""
        return self.take(name, (), _labels)


def _text(value: object) -> str | None:
    if value is not None and not (isinstance(value, str) and value):
        raise ValueError("this is no text")
    return value


def _switch(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError("this is neither true nor false")
    return value


def _labels(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(label, str) for label in value):
        raise ValueError("this is no list of labels")
    try:
        return check_labels(value)
    except UsageError as error:
        raise ValueError(str(error)) from error
