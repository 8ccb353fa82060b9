"""What is due with originals, and what is looked at before each try."""

from pathlib import Path

from ffmate_desktop.db.ledger import Pending, Settled
from ffmate_desktop.domain.watch_ledger import Found
from ffmate_desktop.node.originals import _carry_out, _Move, _plan


def test_an_output_that_is_removed_before_the_next_try_keeps_the_original(tmp_path: Path) -> None:
    source, output, folder = tmp_path / "one.mov", tmp_path / "one.mp4", tmp_path / "file"
    for path in (source, output, folder):
        path.write_bytes(b"film")
    status = source.stat()
    found = Found("one.mov", 4, status.st_mtime_ns // 1000, status.st_ino)
    disposal = {
        "action": "move",
        "is_done": True,
        "output": str(output),
        "size": 4,
        "folder": str(folder / "x"),
    }
    move = _plan(_Move(Pending(1, found, 1, "done", 1, disposal), str(source), disposal))
    assert isinstance(move, _Move)
    failed = _carry_out(move, "t", str(tmp_path))
    assert failed.disposal is not None and failed.reason.startswith("It cannot be moved")
    output.unlink()
    folder.unlink()  # now it could be moved
    left = _plan(_Move(move.pending, str(source), failed.disposal))
    assert isinstance(left, Settled) and left.reason.startswith("Left in place")
    assert source.exists()
