"""One name has one meaning: no two public classes of the program share a name."""

import ast
from collections import defaultdict
from pathlib import Path

PROGRAM = Path(__file__).parents[1] / "ffmate_desktop"


def test_no_two_public_classes_share_a_name() -> None:
    places = defaultdict(list)
    for path in sorted(PROGRAM.rglob("*.py")):
        for statement in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(statement, ast.ClassDef) and not statement.name.startswith("_"):
                places[statement.name].append(path.relative_to(PROGRAM).as_posix())
    assert len(places) > 400
    assert {name: files for name, files in places.items() if len(files) > 1} == {}
