"""Converts text, file names, times and JSON to what PostgreSQL stores, and back."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, overload

from pydantic_core import PydanticSerializationError, from_json, to_json

from ffmate_desktop.domain.stored_values import LAST_TIMESTAMP, Unreadable
from ffmate_desktop.domain.wrong_data import read_error_text

if TYPE_CHECKING:
    import asyncpg

# File names are bytes. Python represents bytes that are not UTF-8 as lone surrogates, which PostgreSQL refuses. They
# are stored as characters of the last private-use plane, which no font, keyboard or file system uses. Other lone
# surrogates, which JSON may contain, have no meaning and are replaced.
_TO_STORE = dict.fromkeys((0, *range(0xD800, 0xE000)), 0xFFFD)
_TO_STORE |= {0xDC00 + byte: 0x10DC00 + byte for byte in range(0x80, 0x100)}
_ESCAPED = re.compile("[\U0010dc80-\U0010dcff]")
_FROM_STORE = {0x10DC00 + byte: 0xDC00 + byte for byte in range(0x80, 0x100)}


# PostgreSQL has times that Python's datetime does not have, before the year 1 and after 9999. It sends microseconds.
_FIRST, _LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
_MIDDLE = datetime(2000, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_RANGE = range((_FIRST - _MIDDLE) // _MICROSECOND, (_LAST - _MIDDLE) // _MICROSECOND + 1)
_INFINITY = 2**63 - 1


def storable(text: str) -> str:
    """The text in a form that PostgreSQL can store. Bytes that are not UTF-8 survive; NUL and lone surrogates do not.

    Every connection does this automatically, except for the members of a text[] parameter.
    """
    return text if text.isascii() and "\0" not in text else text.translate(_TO_STORE)


def native(text: str) -> str:
    """The inverse of `storable`."""
    return text if text.isascii() else text.translate(_FROM_STORE)


@overload
def milliseconds(moment: datetime) -> int: ...
@overload
def milliseconds(moment: datetime | None) -> int | None: ...
def milliseconds(moment: datetime | None) -> int | None:
    """Milliseconds since 1970 UTC, as FFmate's JSON has times; infinity is the last time of the calendar."""
    if moment is None:
        return None
    try:
        return min(max(int(moment.timestamp() * 1000), 0), LAST_TIMESTAMP)
    except (ValueError, OverflowError):  # minus infinity, which isn't in the calendar
        return 0


def _encode_json(data: object) -> str:
    try:
        text = to_json(data, inf_nan_mode="null").decode()  # a tenth of the time of json.dumps
    except PydanticSerializationError:  # it contains a name that is not UTF-8
        storing: object = json.loads(storable(json.dumps(data, ensure_ascii=False)))
        text = to_json(storing, inf_nan_mode="null").decode()
    if "\\u0000" in text:  # escape by escape: "\\\\u0000" is a backslash and five characters, not NUL
        text = re.sub(r"\\(u0000|.)", lambda found: "\ufffd" if found[1] == "u0000" else found[0], text)
    return storable(text)


def _decode_json(text: str) -> object:
    """The data, or Unreadable: the server stores more levels and longer numbers than Python can read.

    An exception here would fail the whole statement, with every row that it returns.
    """
    try:
        data: object = json.loads(native(text)) if _ESCAPED.search(text) else from_json(text)
    except (ValueError, RecursionError) as error:
        return Unreadable(read_error_text(error))
    return data


def _encode_moment(moment: datetime) -> tuple[int]:
    """The first and the last time of the calendar mean infinity, as in asyncpg."""
    if moment in (_FIRST, _LAST):
        return (_INFINITY if moment == _LAST else -_INFINITY - 1,)
    return ((moment - _MIDDLE) // _MICROSECOND,)


def _decode_moment(sent: tuple[int]) -> datetime:
    """The time, or the nearest possible one: an exception would fail every row of the statement."""
    [microseconds] = sent
    if microseconds in _RANGE:
        return _MIDDLE + timedelta(microseconds=microseconds)
    return _LAST if microseconds > 0 else _FIRST


async def set_codecs(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    """Use these conversions on a connection."""
    codecs: dict[str, tuple[Callable[..., str], Callable[[str], object]]] = {
        "json": (_encode_json, _decode_json),
        "jsonb": (_encode_json, _decode_json),
        "text": (storable, native),
    }
    for kind, (encoder, decoder) in codecs.items():
        await connection.set_type_codec(kind, encoder=encoder, decoder=decoder, schema="pg_catalog")
    await connection.set_type_codec(
        "timestamptz", encoder=_encode_moment, decoder=_decode_moment, schema="pg_catalog", format="tuple"
    )
