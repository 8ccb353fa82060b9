"""Named SQL: every statement of the program is in `db/sql/*.sql`, below a line `-- name: what_it_does`.

Text that several statements of a file share is below `-- fragment: word`; it replaces `{word}` in the statements.
"""

import re
from functools import cache
from importlib import resources
from typing import LiteralString, NewType

Sql = NewType("Sql", str)
"""A statement from `db/sql`; nothing else may be sent to the database."""

_HEAD = re.compile(r"^-- (name|fragment): (\w+)$", re.MULTILINE)


@cache
def _load(topic: str) -> dict[str, Sql]:
    text = (resources.files("ffmate_desktop.db") / "sql" / f"{topic}.sql").read_text(encoding="utf-8")
    parts = _HEAD.split(text)[1:]
    fragments: dict[str, str] = {}
    statements = {}
    for kind, name, body in zip(parts[::3], parts[1::3], parts[2::3], strict=True):
        statement = body.strip()
        for word, fragment in fragments.items():
            statement = statement.replace(f"{{{word}}}", fragment)
        if kind == "fragment":
            fragments[name] = statement
        else:
            statements[name] = Sql(statement)
    return statements


def query(topic: LiteralString, name: LiteralString) -> Sql:
    """The statement `name` of `db/sql/<topic>.sql`; raises KeyError if there is none."""
    return _load(topic)[name]


def all_queries() -> dict[str, Sql]:
    """Every named statement as `topic.name`, for the test that each one has a test."""
    files = (resources.files("ffmate_desktop.db") / "sql").iterdir()
    topics = sorted(path.name.removesuffix(".sql") for path in files if path.name.endswith(".sql"))
    return {f"{topic}.{name}": sql for topic in topics for name, sql in _load(topic).items()}
