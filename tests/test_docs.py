"""The docs name presets, settings and files that exist."""

import json
import re
import runpy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ffmate_desktop.cli import commands
from ffmate_desktop.services.presets import load_built_in
from ffmate_desktop.settings.file import SettingsFile
from ffmate_desktop.settings.file_fields import preferences_to_json
from ffmate_desktop.settings.preferences import Preferences
from ffmate_desktop.settings.table import FILE_VERSION
from tests.everyday_words import TRANSLATED_WORDS

ROOT = Path(__file__).parents[1]
SETTINGS = ROOT / "docs" / "settings.md"
BUILT_IN = ROOT / "resources" / "presets"
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_preset_in_the_docs_exists(document: Path) -> None:
    named = re.findall(r'--preset "([^"]+)"', document.read_text(encoding="utf-8"))
    assert set(named) <= {preset.name for preset in load_built_in(BUILT_IN)}


def keys(settings: dict[str, object], prefix: str = "") -> set[str]:
    """Return every key with its path, such as `window.notices.shown`."""
    found = set()
    for name, value in settings.items():
        found |= keys(value, f"{prefix}{name}.") if isinstance(value, dict) else {prefix + name}
    return found


def test_the_docs_describe_every_key_of_the_settings_file(tmp_path: Path) -> None:
    text = SETTINGS.read_text(encoding="utf-8")
    [example] = re.findall(r"```json\n(.*?)```", text, re.DOTALL)
    file = SettingsFile(tmp_path)
    file.path.write_text(example)
    assert file.load().trouble is None
    expected = keys(preferences_to_json(Preferences()))
    assert keys(json.loads(example)) == expected, "add the key to the example"
    assert json.loads(example)["version"] == FILE_VERSION
    assert f"is not read | {FILE_VERSION} |" in text
    rows = set(re.findall(r"^\|(?: `--.*? \|)? `([a-z_.]+)` \|", text, re.MULTILINE))
    assert rows == {key for key in expected if "notices" not in key} | {"window.notices"}


def test_the_table_of_settings_is_that_of_the_program() -> None:
    with_table = runpy.run_path(str(ROOT / "packaging" / "settings_page.py"))["with_table"]
    text = SETTINGS.read_text(encoding="utf-8")
    assert text == with_table(text), "run `python packaging/settings_page.py`"


def commands_of(command: Any, name: str) -> Iterator[str]:
    """Every command as it is typed, such as `tasks list`."""
    inner = getattr(command, "commands", {})
    yield from (f"{name} {word}" for word in inner) if inner else (name,)


def test_the_readme_has_every_command() -> None:
    rows = re.findall(r"^\| (`.*?`) \| ", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    written = set()
    for name in re.findall(r"`(.+?)`", " ".join(rows)):
        first, *others = name.replace("\\|", "|").split()
        written |= {first} | {f"{first} {word}" for word in (others or [""])[0].split("|")}
    expected = {name for word in commands.NAMES for name in commands_of(commands.load(word), word)}
    assert expected - written == set(), "add it to the table in README.md"


def test_the_schema_page_has_every_table() -> None:
    migrations = (ROOT / "ffmate_desktop" / "db" / "sql").rglob("*.sql")
    tables = {
        name
        for path in migrations
        for name in re.findall(r"CREATE TABLE (?:IF NOT EXISTS )?ffmate\.(\w+)", path.read_text("utf-8"))
    }
    rows = re.findall(r"^\| (`.+?`) \|", (ROOT / "docs/internals/schema.md").read_text("utf-8"), re.MULTILINE)
    assert tables == set(re.findall(r"`(\w+)`", " ".join(rows)))


FILE_NAMES = {
    path.name
    for folder in ("ffmate_desktop", "tests", "packaging")
    for path in (ROOT / folder).rglob("*")
    if path.suffix in (".py", ".sql")
}


def written_paths(text: str) -> set[str]:
    """Return the files that a document names in backticks, such as `node/node.py` or `logs.py`, without patterns."""
    words = re.findall(r"`([\w./-]+/[\w.-]+\.(?:py|sql|md|toml|json)|\w+\.(?:py|sql))`", text)
    return {word for word in words if not word.startswith(("/", "."))}


@pytest.mark.parametrize("document", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_file_in_the_docs_exists(document: Path) -> None:
    examples = {"gui/reports/", "tests/gui/reports/", "0014_batch_notes.sql"}
    text = document.read_text(encoding="utf-8")
    missing = [
        path
        for path in written_paths(text)
        if not any((root / path).is_file() for root in (ROOT, ROOT / "ffmate_desktop", ROOT / "docs"))
        and path not in FILE_NAMES
        and not any(example in path for example in examples)
    ]
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text)
    missing += [link for link in links if not (document.parent / link).exists()]
    assert missing == []


@pytest.mark.parametrize("document", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_pages_use_everyday_words(document: Path) -> None:
    assert TRANSLATED_WORDS.findall(document.read_text(encoding="utf-8")) == []
