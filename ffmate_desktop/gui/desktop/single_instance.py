"""One window per data folder: a second start hands its files to the first one and exits.

A file lock decides which start is first, because the system releases it when its holder dies; the socket only
carries the files. The first window rejects files from a start with different settings, which might name another
queue, or limits that the first window doesn't enforce.
"""

import getpass
import hashlib
import json
import time
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from PySide6.QtCore import QCoreApplication, QObject, QTimer, Signal
from PySide6.QtNetwork import QLocalServer, QLocalSocket

from ffmate_desktop import logs
from ffmate_desktop.domain.errors import UserError
from ffmate_desktop.file_locks import FileLock
from ffmate_desktop.settings.setting import Setting
from ffmate_desktop.settings.table import DATA_DIR, SETTINGS, Settings

CONNECT_TIMEOUT = 10.0
"""Seconds that a second start tries to reach the first one, which may be starting or shutting down."""

REPLY_TIMEOUT = 5.0
"""Seconds that each side waits for the other."""

MAX_MESSAGE = 8 * 1024 * 1024
"""Bytes; no system allows command lines this long."""

_ACCEPTED = b"taken\n"
_REJECTED = b"otherwise "
"""Prefix of the reply of a window with other settings, followed by their options."""


class _Message(NamedTuple):
    """Sent by a second start: its files, and digests of its explicit settings by option."""

    files: list[str]
    settings: dict[str, str]


class SingleInstance(QObject):
    """The right to be the only window of a data folder. Emits `files_received` with the files of a later start.

    `settings` are those of this window; the owner updates them when they change.
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
        """Become the first instance; False if there already is one. Raises OSError if the folder isn't writable."""
        if not self._lock.acquire(exclusive=True):
            return False
        QLocalServer.removeServer(self._name)  # left by a killed process; nothing listens without the lock
        if not self._server.listen(self._name):
            logs.root.warning("Other starts can't reach this window: %s", self._server.errorString())
        return True

    def stop_listening(self) -> None:
        """Stop accepting files because this window is closing. A second start waits, then becomes the first."""
        self._server.close()

    def close(self) -> None:
        """Release the data folder for another instance."""
        self._server.close()
        self._lock.release()

    def _on_connection(self) -> None:
        while (socket := self._server.nextPendingConnection()) is not None:
            socket.setReadBufferSize(MAX_MESSAGE + 1)
            socket.readyRead.connect(partial(self._read, socket))
            socket.disconnected.connect(socket.deleteLater)
            QTimer.singleShot(int(REPLY_TIMEOUT * 1000), socket, socket.abort)
            self._read(socket)

    def _read(self, socket: QLocalSocket) -> None:
        if not socket.canReadLine():
            if socket.bytesAvailable() > MAX_MESSAGE:
                socket.abort()
            return
        message = _parse(bytes(socket.readLine().data()))
        if message is None:
            logs.root.info("Ignored an invalid message to this window")
            socket.abort()
            return
        different = [] if self.settings is None else differing_options(self.settings, message.settings)
        socket.write(_REJECTED + " ".join(different).encode() + b"\n" if different else _ACCEPTED)
        socket.disconnectFromServer()
        if not different:
            self.files_received.emit(message.files)


def acquire_or_hand_over(settings: Settings, files: Sequence[str]) -> SingleInstance | None:
    """Become the only window, or hand the files to an existing one and return None. Blocks; call it before the loop.

    Raises UserError if the existing window doesn't respond or uses different settings.
    """
    data_dir = settings.data_dir
    instance = SingleInstance(data_dir, settings)
    deadline = time.monotonic() + CONNECT_TIMEOUT
    while not instance.acquire():
        if hand_over(settings, files):
            return None
        if time.monotonic() > deadline:
            raise UserError(
                QCoreApplication.translate(
                    "SingleInstance", "FFmate Desktop is already open but doesn't respond."
                ),
                QCoreApplication.translate(
                    "SingleInstance",
                    "It may be shutting down. Try again in a moment, or open another one with --data-dir.",
                ),
            )
        time.sleep(0.05)
    return instance


def hand_over(settings: Settings, files: Sequence[str]) -> bool:
    """Send files to the window of this data folder; True if it accepted them. Raises UserError if it rejects them."""
    digests = explicit_digests(settings)
    message = json.dumps(_Message(list(files), digests)._asdict()).encode() + b"\n"
    if len(message) > MAX_MESSAGE:
        raise UserError(
            QCoreApplication.translate("SingleInstance", "Too many files for one command line."),
            QCoreApplication.translate(
                "SingleInstance", "Pass their folder instead, or drop the files on the window."
            ),
        )
    socket = QLocalSocket()
    timeout = int(REPLY_TIMEOUT * 1000)
    socket.connectToServer(socket_name(settings.data_dir))
    if not socket.waitForConnected(timeout):
        return False
    socket.write(message)
    while not socket.canReadLine():
        if not socket.waitForReadyRead(timeout):
            return False
    reply = bytes(socket.readLine().data())
    if reply.startswith(_REJECTED):
        raise UserError(
            QCoreApplication.translate(
                "SingleInstance", "FFmate Desktop is already open with other settings: {0}."
            ).format(reply.removeprefix(_REJECTED).decode().strip()),
            QCoreApplication.translate(
                "SingleInstance",
                "Quit it and start it with these settings, or open another one with --data-dir.",
            ),
        )
    return reply == _ACCEPTED


def socket_name(data_dir: Path) -> str:
    """Unique per user and data folder, and short: socket paths are limited to 104 bytes."""
    owner = f"{getpass.getuser()}\n{data_dir.resolve()}"
    return f"ffmate-{hashlib.sha256(owner.encode(errors='surrogateescape')).hexdigest()[:24]}"


def explicit_digests(settings: Settings) -> dict[str, str]:
    """A digest of each setting that this start was given, by option. It hides the password of the database."""
    return {
        setting.option: _digest(settings, setting)
        for setting in SETTINGS
        if settings.is_explicit(setting)
        and setting is not DATA_DIR  # the same folder, maybe spelled differently
    }


def differing_options(settings: Settings, digests: Mapping[str, str]) -> list[str]:
    """The options of a second start that have other values here, or that this version doesn't know."""
    here = {setting.option: _digest(settings, setting) for setting in SETTINGS}
    return [option for option, digest in digests.items() if here.get(option) != digest]


def _digest(settings: Settings, setting: Setting[Any]) -> str:
    return hashlib.sha256("\n".join(settings.options(setting)).encode(errors="surrogateescape")).hexdigest()


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
    if not isinstance(settings, dict) or not all(isinstance(digest, str) for digest in settings.values()):
        return None
    return _Message(files, settings)
