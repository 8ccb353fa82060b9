"""One window per data folder: a second start hands its files to the first and ends.

A file lock tells who is first, because the system drops it when its holder dies; the socket only carries the files.
The files go nowhere if the second start was given settings that the first does not use: they could name another
queue, or limits that the first does not keep.
"""

import getpass
import hashlib
import json
import time
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

from PySide6.QtCore import QCoreApplication, QObject, QTimer, Signal
from PySide6.QtNetwork import QLocalServer, QLocalSocket

from ffmate_desktop import logs
from ffmate_desktop.domain.errors import UserError
from ffmate_desktop.file_locks import FileLock
from ffmate_desktop.settings import DATA_DIR, SETTINGS, Setting, Settings

PATIENCE = 10.0
"""Seconds that a second start tries to reach a first one, which may be starting or ending."""

ANSWER = 5.0
"""Seconds in which either side has to speak."""

LIMIT = 8 * 1024 * 1024
"""Bytes of one message; no system has command lines as long."""

_TAKEN = b"taken\n"
_OTHERWISE = b"otherwise "
"""Begins the answer of a window that uses other settings; their options follow."""


class _Message(NamedTuple):
    """What a second start says: its files, and the marks of the settings that it was given, by their options."""

    files: list[str]
    settings: dict[str, str]


class SingleInstance(QObject):
    """The right to be the window of a data folder. `files_received` brings the files of a later start, a list.

    `settings` are those of this window; its owner replaces them when they change.
    """

    files_received = Signal(object)

    def __init__(self, data_dir: Path, settings: Settings | None = None) -> None:
        super().__init__()
        self.settings = settings
        self._name = socket_name(data_dir)
        self._lock = FileLock(data_dir / "window.lock")
        self._server = QLocalServer(self)
        self._server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        self._server.newConnection.connect(self._on_connection)

    def acquire(self) -> bool:
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
        message = _parse(bytes(socket.readLine().data()))
        if message is None:
            logs.root.info("Something that is no second start spoke to this window")
            socket.abort()
            return
        other = self._other_settings(message.settings)
        socket.write(_OTHERWISE + " ".join(other).encode() + b"\n" if other else _TAKEN)
        socket.disconnectFromServer()
        if not other:
            self.files_received.emit(message.files)

    def _other_settings(self, wanted: Mapping[str, str]) -> list[str]:
        """The options of a second start that do not hold here."""
        if self.settings is None:
            return []
        ours = _marks(self.settings, SETTINGS)
        return [option for option, mark in wanted.items() if ours.get(option) != mark]


def acquire_or_hand_over(settings: Settings, files: Sequence[str]) -> SingleInstance | None:
    """The right to be the window, or None when a first one took the files. Blocks, so call it before the loop runs.

    Raises UserError when the first one does not answer, or uses other settings than this start was given.
    """
    data_dir = settings.data_dir
    instance = SingleInstance(data_dir, settings)
    until = time.monotonic() + PATIENCE
    while not instance.acquire():
        if hand_over(settings, files):
            return None
        if time.monotonic() > until:
            raise UserError(
                QCoreApplication.translate(
                    "SingleInstance", "FFmate Desktop is open already, but does not answer."
                ),
                QCoreApplication.translate(
                    "SingleInstance", "It may be ending: try again in a moment. --data-dir opens another one."
                ),
            )
        time.sleep(0.05)
    return instance


def hand_over(settings: Settings, files: Sequence[str]) -> bool:
    """Give files to the window of this data folder; whether it took them. Raises UserError if it will not."""
    given = _marks(settings, [setting for setting in SETTINGS if settings.given(setting)])
    message = json.dumps(_Message(list(files), given)._asdict()).encode() + b"\n"
    if len(message) > LIMIT:
        raise UserError(
            QCoreApplication.translate("SingleInstance", "These are too many files for a command line."),
            QCoreApplication.translate(
                "SingleInstance", "Name their folder instead, or drop them on the window."
            ),
        )
    socket = QLocalSocket()
    patience = int(ANSWER * 1000)
    socket.connectToServer(socket_name(settings.data_dir))
    if not socket.waitForConnected(patience):
        return False
    socket.write(message)
    while not socket.canReadLine():
        if not socket.waitForReadyRead(patience):
            return False
    answer = bytes(socket.readLine().data())
    if answer.startswith(_OTHERWISE):
        raise UserError(
            QCoreApplication.translate(
                "SingleInstance", "FFmate Desktop is open already, with other settings: {0}."
            ).format(answer.removeprefix(_OTHERWISE).decode().strip()),
            QCoreApplication.translate(
                "SingleInstance",
                "Quit it and start it again with these settings, or open another one with --data-dir.",
            ),
        )
    return answer == _TAKEN


def socket_name(data_dir: Path) -> str:
    """Another one for each user and data folder, and short: paths of sockets have at most 104 bytes."""
    owner = f"{getpass.getuser()}\n{data_dir.resolve()}"
    return f"ffmate-{hashlib.sha256(owner.encode(errors='surrogateescape')).hexdigest()[:24]}"


def _marks(settings: Settings, which: Iterable[Setting]) -> dict[str, str]:
    """A digest of the value of each setting, by its option. It hides the password of the database."""
    return {
        one.option: hashlib.sha256(
            "\n".join(settings.words(one)).encode(errors="surrogateescape")
        ).hexdigest()
        for one in which
        if one is not DATA_DIR  # the same folder, in other words perhaps
    }


def _parse(line: bytes) -> _Message | None:
    try:
        message = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(message, dict):
        return None
    files, settings = message.get("files"), message.get("settings", {})
    if not isinstance(files, list) or not all(isinstance(file, str) for file in files):
        return None
    if not isinstance(settings, dict) or not all(isinstance(mark, str) for mark in settings.values()):
        return None
    return _Message(files, settings)
