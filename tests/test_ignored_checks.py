"""A line that a checker must ignore says why."""

import re
import tokenize
from pathlib import Path

ROOT = Path(__file__).parents[1]
IGNORED = re.compile(r"#\s*(?:type: ignore\b\S*|noqa:\s*[A-Z]+\d+(?:,\s*[A-Z]+\d+)*)")
FOLDERS = ("ffmate_desktop", "tests", "packaging")


def test_every_ignored_check_has_a_reason() -> None:
    found, missing = 0, []
    for path in (path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py"))):
        with tokenize.open(path) as file:
            for token in tokenize.generate_tokens(file.readline):
                marks = list(IGNORED.finditer(token.string)) if token.type == tokenize.COMMENT else []
                found += bool(marks)
                if marks and not token.string[marks[-1].end() :].strip(" -#()"):
                    missing.append(f"{path.relative_to(ROOT)}:{token.start[0]}: {token.string}")
    assert found > 100
    assert missing == []
