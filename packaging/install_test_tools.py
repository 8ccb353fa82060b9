"""Installs the programs beside Python that some tests need, where that is allowed; elsewhere those tests skip."""

import os
import shutil
import subprocess

TOOLS = ("pgbouncer",)
"""Programs whose Debian packages have the same names."""


def missing() -> list[str]:
    """What is not installed."""
    path = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin"))
    return [name for name in TOOLS if not shutil.which(name, path=path)]


def install() -> None:
    """Ask apt, as root. Quietly: no apt, no network and no such package are no failure."""
    apt = shutil.which("apt-get")
    if apt is None or not missing() or os.name == "nt" or os.geteuid() != 0:
        return
    installing = ("install", "-y", "--no-install-recommends", *missing())
    # No questions; and in runlevel 1 Debian starts no service after an installation.
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
    for words in (installing, ("update",), installing):  # lists of packages are missing in images, or old
        try:
            result = subprocess.run(
                [apt, "-q", *words], check=False, capture_output=True, env=environment, timeout=120
            )
        except (OSError, subprocess.TimeoutExpired):
            return
        if words == installing and result.returncode == 0:
            return


if __name__ == "__main__":
    install()
