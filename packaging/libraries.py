"""What the window needs of a bare Linux system: found, installed by apt where that may be, or named in one line."""

import ctypes
import os
import platform
import shutil
import subprocess
import sys

# A library that Qt cannot start without, and the Debian package that has it (or brings it along).
NEEDED = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libfontconfig.so.1": "libfontconfig1",
    "libdbus-1.so.3": "libdbus-1-3",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libgssapi_krb5.so.2": "libgssapi-krb5-2",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libwayland-cursor.so.0": "libwayland-cursor0",
}
APT = ("apt-get", "install", "-y", "--no-install-recommends")


def missing() -> list[str]:
    """The Debian packages whose library does not load here; none on Windows and macOS."""
    if not sys.platform.startswith("linux"):
        return []
    packages = []
    for library, package in NEEDED.items():
        try:
            ctypes.CDLL(library)
        except OSError:
            packages.append(package)
    return packages


def install_missing() -> bool:
    """Install what is missing, as root on a Debian; elsewhere say what to run. True if nothing is missing then."""
    packages = missing()
    if not packages:
        return True
    if sys.platform.startswith("linux") and os.geteuid() == 0 and shutil.which("apt-get"):
        print(
            f"Installing what Qt needs of the system: {' '.join(packages)} ...", file=sys.stderr, flush=True
        )
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for command in (("apt-get", "update"), (*APT, *packages)):
            ended = subprocess.run(
                command, env=environment, check=False, capture_output=True, text=True, errors="replace"
            )
            if ended.returncode != 0 and command[1] == "install":
                print(ended.stdout + ended.stderr, file=sys.stderr)
        packages = missing()
    if packages:
        print(f"The window needs more of this system. {_advice(packages)}", file=sys.stderr)
    return not packages


def _advice(packages: list[str]) -> str:
    if shutil.which("apt-get"):
        return f"Run: sudo {' '.join(APT)} {' '.join(packages)}"
    libraries = [library for library, package in NEEDED.items() if package in packages]
    system = (
        platform.freedesktop_os_release().get("NAME", "this system") if sys.version_info >= (3, 10) else ""
    )
    return f"Install the packages of {system} that have {', '.join(libraries)}."


if __name__ == "__main__":
    sys.exit(0 if install_missing() else 1)
