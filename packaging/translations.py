"""Update the catalogues in resources/translations with the window's texts: `.ts` to edit, `.qm` to ship.

Run it with the Python of .venv after you change a text of the window: `python packaging/translations.py`. New texts
are marked as unfinished in the `.ts`. Translate them in Qt Linguist or in an editor, and run it again. The tests list
missing translations. The English catalogue only has plural forms.
"""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CATALOGUES = ROOT / "resources" / "translations"
LANGUAGES = ("de", "en")


def catalogue(language: str, folder: Path = CATALOGUES) -> Path:
    """Return the path of the file that people edit."""
    return folder / f"ffmate_desktop_{language}.ts"


def update(language: str, folder: Path = CATALOGUES) -> None:
    """Add new texts of the window to the catalogue and remove deleted ones."""
    sources = sorted(
        path.relative_to(ROOT).as_posix() for path in (ROOT / "ffmate_desktop" / "gui").rglob("*.py")
    )
    options = ["-no-obsolete", "-locations", "none", "-source-language", "en", "-target-language", language]
    if language == "en":
        options.append("-pluralonly")
    _run("pyside6-lupdate", [*options, *sources, "-ts", str(catalogue(language, folder))])


def release(language: str, folder: Path = CATALOGUES) -> None:
    """Compile the catalogue into the file that the program reads."""
    source = catalogue(language, folder)
    _run("pyside6-lrelease", ["-silent", str(source), "-qm", str(source.with_suffix(".qm"))])


def _run(tool: str, arguments: Sequence[str]) -> None:
    """Run a Qt tool from this Python's environment."""
    suffix = ".exe" if sys.platform == "win32" else ""
    subprocess.run([str(Path(sys.executable).parent / f"{tool}{suffix}"), *arguments], cwd=ROOT, check=True)


if __name__ == "__main__":
    for language in LANGUAGES:
        update(language)
        release(language)
