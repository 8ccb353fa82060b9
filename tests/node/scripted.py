"""Real pre- and post-processing scripts, in a folder that the nodes allow."""

import json
import sys
from pathlib import Path
from typing import Any

from ffmate_desktop.domain.permissions import Permissions
from ffmate_desktop.domain.processing import NewProcessing


class Scripts:
    """A folder of scripts. Every script can append lines to `told` ($TOLD in the script), which the test reads."""

    def __init__(self, base: Path) -> None:
        self.folder = base / "scripts of the owner"
        self.folder.mkdir()
        self.told = base / "told.txt"
        self.permissions = Permissions(scripts=(self.folder,))

    def sh(self, name: str, text: str) -> Path:
        """A shell script."""
        return self._write(name, f"#!/bin/sh\nTOLD='{self.told}'\n{text}\n")

    def python(self, name: str, text: str) -> Path:
        """A Python script that starts with the sidecar in `path` and `task`."""
        # For a shell the second line starts Python, whose path may have blanks; for Python it is four words.
        head = f'''#!/bin/sh
"exec" "{sys.executable}" "$0" "$@"
import json, sys
path = sys.argv[1]
task = json.load(open(path))
'''
        tail = "\njson.dump(task, open(path, 'w'))\n"
        return self._write(name, head + text + tail)

    def _write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.write_text(text)
        path.chmod(0o755)
        return path

    def lines(self) -> list[str]:
        """The lines that the scripts wrote."""
        return self.told.read_text().splitlines() if self.told.exists() else []

    def sidecars(self) -> list[dict[str, Any]]:
        """The same, where each line is a task."""
        return [json.loads(line) for line in self.lines()]


def processing(script: Path | str | None = None, sidecar: Path | None = None, **more: Any) -> NewProcessing:
    """What a submitter asks for; the path is quoted."""
    words = f'"{script}" {more.pop("arguments", "")}' if script is not None else None
    return NewProcessing(script_path=words, sidecar_path=None if sidecar is None else str(sidecar), **more)
