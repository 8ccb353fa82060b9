"""Reads preferences from what JSON has of them; what is wrong is named by its place, never by its value."""

from collections.abc import Callable
from enum import StrEnum
from typing import TypeVar

from ffmate_desktop.domain.encode_priority import EncodePriority
from ffmate_desktop.domain.errors import UsageError
from ffmate_desktop.domain.labels import check_labels
from ffmate_desktop.domain.node_name import check_node_name
from ffmate_desktop.domain.preferences import (
    MOST_SLOTS,
    VERSION,
    Appearance,
    ClusterWishes,
    NodeWishes,
    NoticeWishes,
    OnClose,
    Preferences,
    RetentionWishes,
    WindowWishes,
)
from ffmate_desktop.domain.retention import MAX_COUNT, MAX_DAYS

_T = TypeVar("_T")
_Choice = TypeVar("_Choice", bound=StrEnum)


def preferences_from(found: dict[str, object]) -> tuple[Preferences, list[str]]:
    """The preferences in an object of JSON, and by its place what is wrong there, which counts as absent."""
    wrong: list[str] = []
    fields = _Fields(found, wrong)
    fields.take("version", None, lambda value: value)  # who calls knows what it means
    preferences = Preferences(
        version=VERSION,
        node=fields.part("node", _node),
        cluster=fields.part("cluster", _cluster),
        window=fields.part("window", _window),
        retention=fields.part("retention", _retention),
    )
    fields.end()
    return preferences, wrong


def _node(fields: "_Fields") -> NodeWishes:
    return NodeWishes(
        identifier=fields.take("identifier", None, _name),
        slots=fields.number("slots", 1, MOST_SLOTS),
        labels=fields.labels("labels"),
        ffmpeg=fields.text("ffmpeg"),
        encode_priority=fields.maybe("encode_priority", EncodePriority),
    )


def _cluster(fields: "_Fields") -> ClusterWishes:
    return ClusterWishes(
        database=fields.text("database"),
        password_kept=fields.switch("password_kept", False),
    )


def _retention(fields: "_Fields") -> RetentionWishes:
    return RetentionWishes(
        logs_days=fields.number("logs_days", 0, MAX_DAYS),
        logs_count=fields.number("logs_count", 0, MAX_COUNT),
        tasks_days=fields.number("tasks_days", 0, MAX_DAYS),
        tasks_count=fields.number("tasks_count", 0, MAX_COUNT),
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
    """The fields of one object; each is taken once. What cannot be meant is added to `wrong`."""

    def __init__(self, found: dict[str, object], wrong: list[str], prefix: str = "") -> None:
        self._left = dict(found)
        self._wrong = wrong
        self._prefix = prefix

    def take(self, name: str, default: _T, read: Callable[[object], _T]) -> _T:
        """The field as `read` understands it; the default where `read` raises ValueError."""
        if name not in self._left:
            return default
        try:
            return read(self._left.pop(name))
        except ValueError as error:
            self._wrong.append(f"{self._prefix}{name}: {error}")
            return default

    def end(self) -> None:
        """Nothing should be left: somebody meant something by it."""
        self._wrong += [f"{self._prefix}{name}: there is no such setting" for name in self._left]

    def part(self, name: str, read: "Callable[[_Fields], _T]") -> _T:
        """An object in this object; a missing one is empty."""
        fields = _Fields(self.take(name, {}, _object), self._wrong, f"{self._prefix}{name}.")
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
        return self.take(name, default, lambda value: _word(value, type(default)))

    def maybe(self, name: str, kind: type[_Choice]) -> _Choice | None:
        """One of the words of this kind, or null."""
        return self.take(name, None, lambda value: None if value is None else _word(value, kind))

    def labels(self, name: str) -> tuple[str, ...]:
        """A list of labels."""
        return self.take(name, (), _labels)


def _word(value: object, kind: type[_Choice]) -> _Choice:
    if not isinstance(value, str) or value not in list(kind):
        raise ValueError(f"this is none of {', '.join(kind)}")
    return kind(value)


def _object(value: object) -> dict[str, object]:
    if not isinstance(value, dict):
        raise ValueError("this is no object with fields")
    return value


def _text(value: object) -> str | None:
    if value is not None and not (isinstance(value, str) and value):
        raise ValueError("this is no text")
    return value


def _name(value: object) -> str | None:
    name = _text(value)
    try:
        return name and check_node_name(name)
    except UsageError as error:
        raise ValueError("this cannot be the name of a node") from error


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
