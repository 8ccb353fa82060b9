"""How text, file names and JSON travel to the database and back."""

import json
import re
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, overload

from pydantic_core import PydanticSerializationError, from_json, to_json

if TYPE_CHECKING:
    import asyncpg

# File names are bytes; Python shows those that are not UTF-8 as lone surrogates, which PostgreSQL refuses. They are
# kept as characters of the last private-use plane, which no font, keyboard or file system gives a meaning. Other
# halves of a character, which JSON may name, stand for nothing.
_TO_STORE = dict.fromkeys((0, *range(0xD800, 0xE000)), 0xFFFD)
_TO_STORE |= {0xDC00 + byte: 0x10DC00 + byte for byte in range(0x80, 0x100)}
_FROM_STORE = {0x10DC00 + byte: 0xDC00 + byte for byte in range(0x80, 0x100)}


def storable(text: str) -> str:
    """The text as PostgreSQL can keep it: bytes that are not UTF-8 survive; NUL and lone halves of characters do not.

    Every connection does this by itself, but for the members of a text[] that is sent.
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
    """Since 1970 UTC, as FFmate's JSON has moments."""
    return None if moment is None else int(moment.timestamp() * 1000)


def _encode_json(data: object) -> str:
    try:
        text = to_json(data, inf_nan_mode="null").decode()  # a tenth of the time of json.dumps
    except PydanticSerializationError:  # a name that is not UTF-8 is in it
        storing: object = json.loads(storable(json.dumps(data, ensure_ascii=False)))
        text = to_json(storing, inf_nan_mode="null").decode()
    if "\\u0000" in text:  # read escape by escape: "\\\\u0000" is a backslash and five characters, no NUL
        text = re.sub(r"\\(u0000|.)", lambda found: "\ufffd" if found[1] == "u0000" else found[0], text)
    return storable(text)


def _decode_json(text: str) -> object:
    data: object = from_json(text) if text.isascii() else json.loads(native(text))
    return data


async def set_codecs(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    """Teach a connection all of this."""
    codecs: dict[str, tuple[Callable[..., str], Callable[[str], object]]] = {
        "json": (_encode_json, _decode_json),
        "jsonb": (_encode_json, _decode_json),
        "text": (storable, native),
    }
    for kind, (encoder, decoder) in codecs.items():
        await connection.set_type_codec(kind, encoder=encoder, decoder=decoder, schema="pg_catalog")
