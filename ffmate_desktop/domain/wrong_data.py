"""Explains what is wrong with data from outside, such as files, without Python terms."""

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the window is painted before pydantic is loaded
    from pydantic import ValidationError


def read_error_text(error: Exception) -> str:
    """Why a file or JSON text can't be read. Our own ValueErrors already say it."""
    match error:
        case OSError():
            return error.strerror or str(error)
        case json.JSONDecodeError() if not error.doc.strip():
            return "it is empty"
        case json.JSONDecodeError():
            return f"it isn't valid JSON (line {error.lineno}, column {error.colno})"
        case UnicodeDecodeError():
            return "it isn't text"
        case RecursionError():
            return "it isn't valid JSON, or it is nested too deeply"
        case _:
            return str(error)


READ_ERRORS = (OSError, ValueError, RecursionError)
"""What reading such data can raise."""

_MESSAGES = {
    "missing": "is missing",
    "string_type": "must be text",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "list_type": "must be a list",
    "tuple_type": "must be a list",
    "dict_type": "must be an object",
    "model_type": "must be an object",
    "uuid_type": "must be a UUID",
    "uuid_parsing": "must be a UUID",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "literal_error": "must be one of {expected}",
    "enum": "must be one of {expected}",
    "extra_forbidden": "is an unknown field",
}


def first_validation_error(error: "ValidationError") -> str:
    """The first wrong field and why: `inputFile is missing`. Without its value, which may be secret."""
    first = error.errors(include_input=False, include_url=False)[0]
    known = _MESSAGES.get(first["type"])
    field = ".".join(map(str, first["loc"]))
    if known is not None:
        return f"{field} {known.format(**first.get('ctx', {}))}".replace("'", "").strip()
    why = first["msg"].removeprefix("Value error, ").rstrip(".")
    return f"{field}: {why}" if field else why
