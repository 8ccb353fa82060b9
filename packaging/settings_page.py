"""Write the table of settings in docs/settings.md, from the program's own table.

Run it after a change in ffmate_desktop/settings/table.py, with the Python of .venv:
`python packaging/settings_page.py`. A test fails as long as the page differs.
"""

import re
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from ffmate_desktop.settings.setting import Setting  # noqa: E402 - found through the line above
from ffmate_desktop.settings.table import SETTINGS  # noqa: E402 - as above

PAGE = ROOT / "docs" / "settings.md"
_TABLE = re.compile(r"(<!-- table:.*? -->\n).*?(<!-- end of the table -->)", re.DOTALL)


def with_table(page: str) -> str:
    """The page with the present table between its two marks."""
    rows = ["| option, variable | key in settings.json | |", "|---|---|---|", *map(_row, SETTINGS)]
    table = "\n".join(rows) + "\n"
    result, count = _TABLE.subn(lambda marks: f"{marks[1]}\n{table}\n{marks[2]}", page)
    if count != 1:
        raise ValueError("the page needs the two marks of the table")
    return result


def _row(setting: Setting[Any]) -> str:
    names = "<br>".join(f"`{name}`" for name in (f"{setting.option} {setting.metavar}", *setting.variables))
    key = f"`{setting.file_key}`" if setting.file_key else ""
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in (names, key, setting.help_text)) + " |"


if __name__ == "__main__":
    PAGE.write_text(with_table(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
