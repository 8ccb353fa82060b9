"""Check for the system libraries that the window needs on Linux. Install them with apt, or say how."""

import ctypes
import os
import platform
import shutil
import subprocess
import sys

# The libraries that Qt can't start without, and the Debian packages that contain them or depend on them.
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


def missing_packages() -> list[str]:
    """Return the Debian packages whose library doesn't load here. None on Windows and macOS."""
    if not sys.platform.startswith("linux"):
        return []
    packages = []
    for library, package in NEEDED.items():
        try:
            ctypes.CDLL(library)
        except OSError:
            packages.append(package)
    return packages


def install_missing_packages() -> bool:
    """Install missing packages as root on Debian; elsewhere print what to run. Return whether all are installed."""
    packages = missing_packages()
    if not packages:
        return True
    if sys.platform.startswith("linux") and os.geteuid() == 0 and shutil.which("apt-get"):
        print(
            f"Installing system libraries for the window: {' '.join(packages)} ...",
            file=sys.stderr,
            flush=True,
        )
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for command in (("apt-get", "update"), (*APT, *packages)):
            result = subprocess.run(
                command, env=environment, check=False, capture_output=True, text=True, errors="replace"
            )
            if result.returncode != 0 and command[1] == "install":
                print(result.stdout + result.stderr, file=sys.stderr)
        packages = missing_packages()
    if packages:
        print(f"The window needs more system libraries. {_advice(packages)}", file=sys.stderr)
    return not packages


def _advice(packages: list[str]) -> str:
    if shutil.which("apt-get"):
        return f"Run: sudo {' '.join(APT)} {' '.join(packages)}"
    libraries = [library for library, package in NEEDED.items() if package in packages]
    system = (
        platform.freedesktop_os_release().get("NAME", "this system") if sys.version_info >= (3, 10) else ""
    )
    return f"On {system}, install the packages that contain {', '.join(libraries)}."


if __name__ == "__main__":
    sys.exit(0 if install_missing_packages() else 1)
