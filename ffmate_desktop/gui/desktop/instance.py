"""One window per data folder: a second start hands its files to the first and ends.

A file lock tells who is first, because the system drops it when its holder dies; the socket only carries the files.
"""

import getpass
import hashlib
import json
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QObject, QTimer, Signal
from PySide6.QtNetwork import QLocalServer, QLocalSocket

from ffmate_desktop import logs
from ffmate_desktop.domain.errors import UserError
from ffmate_desktop.file_locks import FileLock

PATIENCE = 10.0
"""Seconds that a second start tries to reach a first one, which may be starting or ending."""

ANSWER = 5.0
"""Seconds in which either side has to speak."""

LIMIT = 8 * 1024 * 1024
"""Bytes of one message; no system has command lines as long."""

_TAKEN = b"taken\n"


class Instance(QObject):
    """The right to be the window of a data folder. `given` brings the files of a later start, a list."""

    given = Signal(object)

    def __init__(self, data_dir: Path) -> None:
        super().__init__()
        self._name = socket_name(data_dir)
        self._lock = FileLock(data_dir / "window.lock")
        self._server = QLocalServer(self)
        self._server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        self._server.newConnection.connect(self._on_connection)

    def take(self) -> bool:
        """Become the first; False when another is. OSError when the data folder cannot be written."""
        if not self._lock.acquire(exclusive=True):
            return False
        QLocalServer.removeServer(self._name)  # of one that was killed: nobody listens without the lock
        if not self._server.listen(self._name):
            logs.root.warning("A second start cannot reach this window: %s", self._server.errorString())
        return True

    def stop_listening(self) -> None:
        """Take no more files: this window is ending. A second start waits, then takes its place."""
        self._server.close()

    def close(self) -> None:
        """Let another be the first."""
        self._server.close()
        self._lock.release()

    def _on_connection(self) -> None:
        while (socket := self._server.nextPendingConnection()) is not None:
            socket.setReadBufferSize(LIMIT + 1)
            socket.readyRead.connect(partial(self._read, socket))
            socket.disconnected.connect(socket.deleteLater)
            QTimer.singleShot(int(ANSWER * 1000), socket, socket.abort)
            self._read(socket)

    def _read(self, socket: QLocalSocket) -> None:
        if not socket.canReadLine():
            if socket.bytesAvailable() > LIMIT:
                socket.abort()
            return
        files = _parse(bytes(socket.readLine().data()))
        if files is None:
            logs.root.info("Something that is no second start spoke to this window")
            socket.abort()
            return
        socket.write(_TAKEN)
        socket.disconnectFromServer()
        self.given.emit(files)


def first_or_hand_over(data_dir: Path, files: Sequence[str]) -> Instance | None:
    """The right to be the window, or None when a first one took the files. Blocks, so call it before the loop runs.

    Raises UserError when the first one does not answer.
    """
    instance = Instance(data_dir)
    until = time.monotonic() + PATIENCE
    while not instance.take():
        if hand_over(data_dir, files):
            return None
        if time.monotonic() > until:
            raise UserError(
                QCoreApplication.translate(
                    "Instance", "FFmate Desktop is open already, but does not answer."
                ),
                QCoreApplication.translate(
                    "Instance", "It may be ending: try again in a moment. --data-dir opens another one."
                ),
            )
        time.sleep(0.05)
    return instance


def hand_over(data_dir: Path, files: Sequence[str]) -> bool:
    """Give files to the window of this data folder; whether it took them."""
    message = json.dumps({"files": list(files)}).encode() + b"\n"
    if len(message) > LIMIT:
        raise UserError(
            QCoreApplication.translate("Instance", "These are too many files for a command line."),
            QCoreApplication.translate("Instance", "Name their folder instead, or drop them on the window."),
        )
    socket = QLocalSocket()
    patience = int(ANSWER * 1000)
    socket.connectToServer(socket_name(data_dir))
    if not socket.waitForConnected(patience):
        return False
    socket.write(message)
    while not socket.canReadLine():
        if not socket.waitForReadyRead(patience):
            return False
    return bytes(socket.readLine().data()) == _TAKEN


def socket_name(data_dir: Path) -> str:
    """Another one for each user and data folder, and short: paths of sockets have at most 104 bytes."""
    owner = f"{getpass.getuser()}\n{data_dir.resolve()}"
    return f"ffmate-{hashlib.sha256(owner.encode(errors='surrogateescape')).hexdigest()[:24]}"


def _parse(line: bytes) -> list[str] | None:
    try:
        message = json.loads(line)
    except ValueError:
        return None
    files = message.get("files") if isinstance(message, dict) else None
    if not isinstance(files, list) or not all(isinstance(file, str) for file in files):
        return None
    return files
