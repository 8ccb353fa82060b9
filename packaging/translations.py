"""Bring the catalogues in resources/translations up to date with the window's texts: `.ts` to edit, `.qm` to ship.

Run it after a text of the window changed, with the Python of .venv: `python packaging/translations.py`. New texts are
then unfinished in the `.ts`; translate them in Qt Linguist or in an editor, and run it again. The tests tell what
misses. The English catalogue has plural forms only.
"""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CATALOGUES = ROOT / "resources" / "translations"
LANGUAGES = ("de", "en")


def catalogue(language: str, folder: Path = CATALOGUES) -> Path:
    """The file that people edit."""
    return folder / f"ffmate_desktop_{language}.ts"


def update(language: str, folder: Path = CATALOGUES) -> None:
    """Take every text of the window into the catalogue and those that are gone out of it."""
    sources = sorted(
        path.relative_to(ROOT).as_posix() for path in (ROOT / "ffmate_desktop" / "gui").rglob("*.py")
    )
    options = ["-no-obsolete", "-locations", "none", "-source-language", "en", "-target-language", language]
    if language == "en":
        options.append("-pluralonly")
    _run("pyside6-lupdate", [*options, *sources, "-ts", str(catalogue(language, folder))])


def release(language: str, folder: Path = CATALOGUES) -> None:
    """Make of the catalogue what the program reads."""
    source = catalogue(language, folder)
    _run("pyside6-lrelease", ["-silent", str(source), "-qm", str(source.with_suffix(".qm"))])


def _run(tool: str, arguments: Sequence[str]) -> None:
    """A tool of Qt, from the environment that this Python belongs to."""
    suffix = ".exe" if sys.platform == "win32" else ""
    subprocess.run([str(Path(sys.executable).parent / f"{tool}{suffix}"), *arguments], cwd=ROOT, check=True)


if __name__ == "__main__":
    for each in LANGUAGES:
        update(each)
        release(each)
