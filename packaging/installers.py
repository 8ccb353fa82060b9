"""Install packages into .venv with uv, or with pip if uv isn't available.

Both use the package index that pip is configured for.
"""

import hashlib
import html
import http.client
import io
import os
import platform
import re
import ssl
import subprocess
import sys
import tempfile
import urllib.parse
import urllib.request
import zipfile
from collections.abc import Sequence
from pathlib import Path

from programs import clean_environment, output_of, venv_program

# The settings that installers may see: how to reach the package index, but not what to install or where.
INSTALLER_SETTINGS = re.compile(
    r"(PIP|UV)_\w*(INDEX|LINK|HOST|CERT|TLS|PROXY|KEYRING|TIMEOUT|RETRIES|CACHE|CONFIG_FILE|OFFLINE)"
)
NETWORK_TROUBLE = re.compile(
    r"name resolution|getaddrinfo|nodename nor|name or service|dns error|network is unreachable|timed? ?out"
    r"|connection (refused|reset|aborted|error)|NewConnectionError|ProxyError|tunnel connection failed"
    r"|certificate.verify|peer certificate|error sending request|failed to fetch",
    re.IGNORECASE,
)


class SetupError(Exception):
    """The setup failed: one sentence for the user, and the output of the installer."""

    def __init__(self, sentence: str, output: str = "") -> None:
        super().__init__(sentence)
        self.output = output


def pip_settings() -> dict[str, str]:
    """Return settings such as `index-url` from pip's files and variables, which uv doesn't read."""
    listing = output_of([sys.executable, "-m", "pip", "config", "list"]) or ""
    settings = dict(re.findall(r"^(?:global|install)\.([\w-]+)='(.*)'$", listing, re.MULTILINE))
    for name, value in os.environ.items():
        if name.startswith("PIP_"):
            settings[name.removeprefix("PIP_").lower().replace("_", "-")] = value
    return settings


def has_certificates() -> bool:
    """Return whether this computer has CA certificates. Without them, uv uses the ones it ships with."""
    found = ssl.get_default_verify_paths()
    return os.name == "nt" or sys.platform == "darwin" or bool(found.cafile or found.capath)


def has_cache_folder() -> bool:
    """Return whether the cache folder is writable. It isn't in a read-only HOME."""
    try:
        folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except (OSError, RuntimeError):
        return False
    return True


def installer_environment() -> dict[str, str]:
    """Return the environment for uv and pip: only the settings for reaching the package index are kept."""
    environment = {
        name: value
        for name, value in clean_environment().items()
        if not name.startswith(("PIP_", "UV_")) or INSTALLER_SETTINGS.match(name)
    }
    environment["PIP_USER"] = "0"  # a configuration file may say the opposite
    pip = pip_settings()
    for variable, value in (
        ("UV_DEFAULT_INDEX", environment.get("UV_INDEX_URL") or pip.get("index-url")),
        ("SSL_CERT_FILE", pip.get("cert")),
        ("HTTPS_PROXY", pip.get("proxy")),
        # Trust the same certificates as Python and pip do: a company proxy may use its own.
        ("UV_SYSTEM_CERTS", "1" if has_certificates() else None),
        # uv fails if it can't write its cache; pip continues without one.
        ("UV_NO_CACHE", None if has_cache_folder() else "1"),
    ):
        if value:
            environment.setdefault(variable, value)
    return environment


def explain_failure(output: str) -> str:
    """Explain the failure of an installer in one sentence, with the next step."""
    if "No space left on device" in output:
        return "The disk is full. Free up about 1 GB and run the same command again."
    if NETWORK_TROUBLE.search(output):
        return (
            "The packages can't be downloaded. Check the network and run the same command again. To use a proxy, set "
            "HTTPS_PROXY; for another package index, PIP_INDEX_URL."
        )
    return (
        "The packages can't be installed. The lines above say why. Fix that and run the same command again."
    )


def run_installer(command: Sequence[str], root: Path, environment: dict[str, str], lock: int) -> None:
    """Run an installer quietly. If it fails, the exception has its output."""
    result = subprocess.run(
        command,
        check=False,
        cwd=root,
        env=environment,
        pass_fds=() if os.name == "nt" else (lock,),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    if result.returncode != 0:
        raise SetupError(explain_failure(result.stdout), result.stdout)


def download_uv(root: Path, environment: dict[str, str]) -> str:
    """Download the newest uv from the package index into .venv and verify its checksum."""
    if sys.platform == "linux":
        system = "manylinux" if platform.libc_ver()[0] == "glibc" else "musllinux"
    else:
        system = "macosx" if sys.platform == "darwin" else "win"
    wheels = re.compile(
        rf'href="([^"#]*/uv-([0-9.]+)-py3-none-[^"#/]*{system}[^"#/]*_{platform.machine()}\.whl)'
        r'#sha256=([0-9a-f]{64})"(?![^>]*data-yanked)',
        re.IGNORECASE,
    )
    certificates = ssl.create_default_context(cafile=environment.get("SSL_CERT_FILE"))

    def get(address: str) -> bytes:
        with urllib.request.urlopen(address, timeout=20, context=certificates) as response:
            content: bytes = response.read()
        return content

    page = environment.get("UV_DEFAULT_INDEX", "https://pypi.org/simple").rstrip("/") + "/uv/"
    found = wheels.findall(get(page).decode())
    if not found:
        raise LookupError(f"{page} has no uv for this computer ({system} {platform.machine()})")
    link, _, digest = max(found, key=lambda wheel: [int(number) for number in wheel[1].split(".")])
    content = get(urllib.parse.urljoin(page, html.unescape(link)))
    if hashlib.sha256(content).hexdigest() != digest:
        raise ValueError(f"{link} was damaged during download")
    target = venv_program(root, "uv")
    with zipfile.ZipFile(io.BytesIO(content)) as wheel:
        (program,) = (name for name in wheel.namelist() if name.endswith("/scripts/" + target.name))
        target.write_bytes(wheel.read(program))
    target.chmod(0o755)
    return str(target)


def find_uv(root: Path) -> str | None:
    """Return a working uv: the one on PATH, or the one that an earlier setup downloaded."""
    candidates = ("uv", str(venv_program(root, "uv")))
    return next((uv for uv in candidates if output_of([uv, "--version"])), None)


def installer_command(root: Path, environment: dict[str, str], lock: int) -> list[str]:
    """Return the command that installs into .venv: uv (4 seconds for everything), or else pip (15 seconds)."""
    python = str(venv_program(root, "python"))
    try:
        return [find_uv(root) or download_uv(root, environment), "pip", "install", "--python", python]
    except (OSError, LookupError, ValueError, http.client.HTTPException, zipfile.BadZipFile) as error:
        trouble = f"uv: {error}\n"
    if output_of([python, "-I", "-m", "pip", "--version"]) is None:
        try:
            run_installer([python, "-m", "ensurepip"], root, environment, lock)
        except SetupError as failed:  # Debian without python3-venv
            raise SetupError(explain_failure(trouble), failed.output + trouble) from None
    return [python, "-m", "pip", "install", "--no-input", "--no-compile", "--disable-pip-version-check"]
