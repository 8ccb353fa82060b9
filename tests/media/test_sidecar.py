"""Sidecars are written atomically by any number of tasks at once, and leave no other files."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from ffmate_desktop.domain.errors import UserError
from ffmate_desktop.media import sidecar
from tests.faults.disk import open_disk


def task(uuid: str, filling: int = 0) -> dict[str, Any]:
    return {"uuid": uuid, "status": "", "command": "", "inputFile": "", "filling": "x" * filling}


def test_tasks_that_share_a_sidecar_write_it_atomically(tmp_path: Path) -> None:
    path = tmp_path / "task.json"

    def write(number: int) -> None:
        sidecar.write(path, task(str(number), 100_000), [])
        json.loads(path.read_text())

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(write, range(200)))
    assert [entry.name for entry in tmp_path.iterdir()] == ["task.json"]


def test_a_full_disk_leaves_no_partial_sidecar(tmp_path: Path) -> None:
    with open_disk(tmp_path / "disk", 1) as disk:
        if disk is None:
            pytest.skip("a small disk can only be mounted by root on Linux")
        with pytest.raises(UserError):
            sidecar.write(disk.folder / "task.json", task("1", 3_000_000), [])
        assert list(disk.folder.iterdir()) == []
