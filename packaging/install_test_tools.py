"""Install the system programs that some tests need, if allowed. Without them, those tests are skipped."""

import os
import shutil
import subprocess

TOOLS = ("pgbouncer",)
"""Each has a Debian package of the same name."""


def missing_tools() -> list[str]:
    """Return the tools that aren't installed."""
    path = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin"))
    return [name for name in TOOLS if not shutil.which(name, path=path)]


def install_tools() -> None:
    """Install them with apt, as root. Quietly: without apt, a network or such a package, nothing happens."""
    apt = shutil.which("apt-get")
    if apt is None or not missing_tools() or os.name == "nt" or os.geteuid() != 0:
        return
    installing = ("install", "-y", "--no-install-recommends", *missing_tools())
    # Ask no questions, and start no services: Debian starts none in runlevel 1.
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
    for words in (installing, ("update",), installing):  # in images, package lists are missing or old
        try:
            result = subprocess.run(
                [apt, "-q", *words], check=False, capture_output=True, env=environment, timeout=120
            )
        except (OSError, subprocess.TimeoutExpired):
            return
        if words == installing and result.returncode == 0:
            return


if __name__ == "__main__":
    install_tools()
