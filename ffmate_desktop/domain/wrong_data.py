"""Says what is wrong with data of others, such as files, in words that need no Python to be understood."""

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the window is painted before pydantic is loaded
    from pydantic import ValidationError


def read_error_text(error: Exception) -> str:
    """Behind “cannot be read:”, what a file or a text in JSON met; a ValueError of ours speaks for itself."""
    match error:
        case OSError():
            return error.strerror or str(error)
        case json.JSONDecodeError() if not error.doc.strip():
            return "it is empty"
        case json.JSONDecodeError():
            return f"it is not JSON from line {error.lineno}, column {error.colno} on"
        case UnicodeDecodeError():
            return "it is no text"
        case RecursionError():
            return "it is not JSON, or of too many levels"
        case _:
            return str(error)


READ_ERRORS = (OSError, ValueError, RecursionError)
"""What reading such a file can raise."""

_KINDS = {
    "missing": "this is missing",
    "string_type": "this is no text",
    "int_type": "this is no whole number",
    "int_parsing": "this is no whole number",
    "int_from_float": "this is no whole number",
    "float_type": "this is no number",
    "float_parsing": "this is no number",
    "bool_type": "this is neither true nor false",
    "bool_parsing": "this is neither true nor false",
    "list_type": "this is no list",
    "tuple_type": "this is no list",
    "dict_type": "this is no object with fields",
    "model_type": "this is no object with fields",
    "uuid_type": "this is no uuid",
    "uuid_parsing": "this is no uuid",
    "greater_than_equal": "this is less than {ge}",
    "less_than_equal": "this is more than {le}",
    "literal_error": "this is none of {expected}",
    "enum": "this is none of {expected}",
    "extra_forbidden": "there is no such field",
}


def first_validation_error(error: "ValidationError") -> str:
    """The first field that is wrong, and why: `inputFile: this is missing`; without its value: it may be secret."""
    first = error.errors(include_input=False, include_url=False)[0]
    known = _KINDS.get(first["type"])
    why = (
        first["msg"].removeprefix("Value error, ") if known is None else known.format(**first.get("ctx", {}))
    )
    return f"{'.'.join(map(str, first['loc']))}: {why.rstrip('.')}"
