"""Preferences from and to JSON. What is wrong is named by its place in the file, never by its value."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import asdict
from enum import StrEnum
from functools import partial
from typing import Any, TypeVar

from ffmate_desktop.settings.preferences import (
    Appearance,
    NoticePreferences,
    OnClose,
    Preferences,
    WindowPreferences,
)
from ffmate_desktop.settings.setting import Setting
from ffmate_desktop.settings.table import DATABASE, FILE_VERSION, SETTINGS

_T = TypeVar("_T")
_Choice = TypeVar("_Choice", bound=StrEnum)

_PASSWORD_KEPT = "password_kept"  # noqa: S105 - the name of a key
"""A key of the same object as the database, but not a setting."""


def preferences_to_json(preferences: Preferences) -> dict[str, Any]:
    """The whole content of the file: every key is there, with null or an empty list for a default."""
    data: dict[str, Any] = {"version": FILE_VERSION}
    for part, settings in _settings_by_part().items():
        data[part] = {
            key: ([] if setting.kind.is_list else None)
            if (value := preferences.get(setting)) is None
            else setting.kind.to_json(value)
            for key, setting in settings.items()
        }
    data[_part_and_key(DATABASE)[0]][_PASSWORD_KEPT] = preferences.password_kept
    data["window"] = asdict(preferences.window)
    return data


def preferences_from_json(data: dict[str, object]) -> tuple[Preferences, list[str]]:
    """The preferences, and what is wrong in the data; that counts as missing."""
    wrong: list[str] = []
    fields = _Fields(data, wrong)
    fields.take("version", None, lambda value: value)  # the caller checks it
    chosen: dict[str, object] = {}
    password_kept = False
    for part, settings in _settings_by_part().items():
        with_part = fields.part(part)
        for key, setting in settings.items():
            value = with_part.take(key, None, partial(_read, setting))
            if value not in (None, ()):
                chosen[setting.field] = value
        if DATABASE in settings.values():
            password_kept = with_part.switch(_PASSWORD_KEPT, False)
        with_part.end()
    window = _window(fields.part("window"))
    fields.end()
    return Preferences(chosen=chosen, password_kept=password_kept, window=window), wrong


def _read(setting: Setting[Any], value: object) -> object:
    return None if value is None else setting.kind.from_json(value)


def _settings_by_part() -> dict[str, dict[str, Setting[Any]]]:
    """The settings in the file, by the object that they are in and by their key."""
    parts: dict[str, dict[str, Setting[Any]]] = defaultdict(dict)
    for setting in SETTINGS:
        if setting.file_key:
            part, key = _part_and_key(setting)
            parts[part][key] = setting
    return parts


def _part_and_key(setting: Setting[Any]) -> tuple[str, str]:
    part, _, key = setting.file_key.partition(".")
    return part, key


def _window(fields: "_Fields") -> WindowPreferences:
    window = WindowPreferences(
        appearance=fields.choice("appearance", Appearance.SYSTEM),
        on_close=fields.choice("on_close", OnClose.ASK),
        start_at_login=fields.switch("start_at_login", False),
        notices=_notices(fields.part("notices")),
    )
    fields.end()
    return window


def _notices(fields: "_Fields") -> NoticePreferences:
    notices = NoticePreferences(
        **{name: fields.switch(name, True) for name in ("shown", "batches", "failures", "nodes")}
    )
    fields.end()
    return notices


class _Fields:
    """The fields of one object. Take each once, then call `end`. Problems are added to `wrong`."""

    def __init__(self, data: dict[str, object], wrong: list[str], prefix: str = "") -> None:
        self._left = dict(data)
        self._wrong = wrong
        self._prefix = prefix

    def take(self, name: str, default: _T, read: Callable[[object], _T]) -> _T:
        """The field as `read` understands it; the default where it is missing or `read` raises ValueError."""
        if name not in self._left:
            return default
        try:
            return read(self._left.pop(name))
        except ValueError as error:
            self._wrong.append(f"{self._prefix}{name}: {error}")
            return default

    def end(self) -> None:
        """Report fields that were not taken: their author meant something by them."""
        self._wrong += [f"{self._prefix}{name}: there is no such setting" for name in self._left]

    def part(self, name: str) -> "_Fields":
        """An object in this object; a missing one is empty."""
        return _Fields(self.take(name, {}, _object), self._wrong, f"{self._prefix}{name}.")

    def switch(self, name: str, default: bool) -> bool:
        """True or false."""
        return self.take(name, default, _switch)

    def choice(self, name: str, default: _Choice) -> _Choice:
        """One of the words of the default's enum."""
        return self.take(name, default, lambda value: _word(value, type(default)))


def _word(value: object, kind: type[_Choice]) -> _Choice:
    if not isinstance(value, str) or value not in list(kind):
        raise ValueError(f"this isn't one of {', '.join(kind)}")
    return kind(value)


def _object(value: object) -> dict[str, object]:
    if not isinstance(value, dict):
        raise ValueError("this isn't an object with fields")
    return value


def _switch(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError("this is neither true nor false")
    return value
