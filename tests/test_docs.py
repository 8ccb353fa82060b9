"""What the documents tell people to type."""

import re
from pathlib import Path

import pytest

from ffmate_desktop.services.presets import load_built_in

ROOT = Path(__file__).parents[1]
BUILT_IN = ROOT / "resources" / "presets"
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_presets_that_are_named_exist(document: Path) -> None:
    named = re.findall(r'--preset "([^"]+)"', document.read_text(encoding="utf-8"))
    assert set(named) <= {preset.name for preset in load_built_in(BUILT_IN)}
