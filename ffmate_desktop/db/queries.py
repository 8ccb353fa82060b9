"""Named SQL: every statement of the program stands in `db/sql/*.sql` below a line `-- name: what_it_does`."""

import re
from functools import cache
from importlib import resources
from typing import LiteralString, NewType

Sql = NewType("Sql", str)
"""A statement that came from `db/sql`; nothing else may be sent to the database."""

_NAME = re.compile(r"^-- name: (\w+)$", re.MULTILINE)


@cache
def _load(topic: str) -> dict[str, Sql]:
    text = (resources.files("ffmate_desktop.db") / "sql" / f"{topic}.sql").read_text(encoding="utf-8")
    parts = _NAME.split(text)[1:]
    return {f"{topic}.{name}": sql for topic in topics for name, sql in _load(topic).items()}
