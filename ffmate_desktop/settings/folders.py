"""Folders that depend on this computer and this installation, and its name."""

import socket
from pathlib import Path

import platformdirs


def default_data_dir() -> Path:
    """The folder that this operating system has for a program's data."""
    return Path(platformdirs.user_data_dir("ffmate-desktop", appauthor=False))


def default_identifier() -> str:
    """The host name, which people recognize."""
    return socket.gethostname() or "node"


def resources_folder() -> Path:
    """Presets and other files that come with the program: inside the wheel, or next to the package in a checkout."""
    package = Path(__file__).resolve().parents[1]
    inside = package / "resources"
    return inside if inside.is_dir() else package.parent / "resources"
