"""Installing into .venv: uv where it is there or can be had, else pip; both reach the package index as pip would."""

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

from programs import clean_environment, output_of, script

# What an installer may know of its surroundings: how to reach the package index, not what to install where.
INSTALLER_SETTINGS = re.compile(
    r"(PIP|UV)_\w*(INDEX|LINK|HOST|CERT|TLS|PROXY|KEYRING|TIMEOUT|RETRIES|CACHE|CONFIG_FILE|OFFLINE)"
)
NETWORK_TROUBLE = re.compile(
    r"name resolution|getaddrinfo|nodename nor|name or service|dns error|network is unreachable|timed? ?out"
    r"|connection (refused|reset|aborted|error)|NewConnectionError|ProxyError|tunnel connection failed"
    r"|certificate.verify|peer certificate|error sending request|failed to fetch",
    re.IGNORECASE,
)


class SetUpFailed(Exception):  # noqa: N818 - an outcome, no defect
    """The set-up did not work: one sentence for the user, and what the installer said."""

    def __init__(self, sentence: str, output: str = "") -> None:
        super().__init__(sentence)
        self.output = output


def pip_settings() -> dict[str, str]:
    """Settings such as `index-url` from the files and variables of pip, which uv does not read."""
    listing = output_of([sys.executable, "-m", "pip", "config", "list"]) or ""
    settings = dict(re.findall(r"^(?:global|install)\.([\w-]+)='(.*)'$", listing, re.MULTILINE))
    for name, value in os.environ.items():
        if name.startswith("PIP_"):
            settings[name.removeprefix("PIP_").lower().replace("_", "-")] = value
    return settings


def has_certificates() -> bool:
    """Whether this computer says whom to believe; otherwise uv believes those whom it brings along."""
    found = ssl.get_default_verify_paths()
    return os.name == "nt" or sys.platform == "darwin" or bool(found.cafile or found.capath)


def has_cache_folder() -> bool:
    """Whether something can be written to the folder of caches; a read-only HOME forbids it."""
    try:
        folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except (OSError, RuntimeError):
        return False
    return True


def installer_environment() -> dict[str, str]:
    """Surroundings of uv and pip: the settings that lead to the package index are kept, all others left out."""
    environment = {
        name: value
        for name, value in clean_environment().items()
        if not name.startswith(("PIP_", "UV_")) or INSTALLER_SETTINGS.match(name)
    }
    environment["PIP_USER"] = "0"  # a configuration file may ask for the opposite
    pip = pip_settings()
    for variable, value in (
        ("UV_DEFAULT_INDEX", environment.get("UV_INDEX_URL") or pip.get("index-url")),
        ("SSL_CERT_FILE", pip.get("cert")),
        ("HTTPS_PROXY", pip.get("proxy")),
        # Python and pip believe whom this computer believes; a company may look into what it lets through.
        ("UV_SYSTEM_CERTS", "1" if has_certificates() else None),
        # uv gives up where it cannot write, pip goes on.
        ("UV_NO_CACHE", None if has_cache_folder() else "1"),
    ):
        if value:
            environment.setdefault(variable, value)
    return environment


def explain_failure(output: str) -> str:
    """One sentence about the failure of an installer, with the next step."""
    if "No space left on device" in output:
        return "The disk is full: make room (about 1 GB) and run the same command again."
    if NETWORK_TROUBLE.search(output):
        return (
            "The packages could not be downloaded: check the network (HTTPS_PROXY names a proxy, PIP_INDEX_URL "
            "another package index) and run the same command again."
        )
    return "The packages could not be installed, the lines above say why. Then run the same command again."


def install(command: Sequence[str], root: Path, environment: dict[str, str], lock: int) -> None:
    """Run an installer quietly; if it fails, what it said is in the exception."""
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
        raise SetUpFailed(explain_failure(result.stdout), result.stdout)


def download_uv(root: Path, environment: dict[str, str]) -> str:
    """Fetch the newest uv from the package index into .venv, verified by the checksum that the index gives."""
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
        raise LookupError(f"{page} has no uv for this machine ({system} {platform.machine()})")
    link, _, digest = max(found, key=lambda wheel: [int(number) for number in wheel[1].split(".")])
    content = get(urllib.parse.urljoin(page, html.unescape(link)))
    if hashlib.sha256(content).hexdigest() != digest:
        raise ValueError(f"{link} was damaged on the way")
    target = script(root, "uv")
    with zipfile.ZipFile(io.BytesIO(content)) as wheel:
        (program,) = (name for name in wheel.namelist() if name.endswith("/scripts/" + target.name))
        target.write_bytes(wheel.read(program))
    target.chmod(0o755)
    return str(target)


def find_uv(root: Path) -> str | None:
    """A uv that works: the one on PATH, or the one that an earlier set-up fetched."""
    candidates = ("uv", str(script(root, "uv")))
    return next((uv for uv in candidates if output_of([uv, "--version"])), None)


def installer(root: Path, environment: dict[str, str], lock: int) -> list[str]:
    """Command that installs into .venv: uv, which takes 4 seconds for all there is, or else pip, which takes 15."""
    python = str(script(root, "python"))
    try:
        return [find_uv(root) or download_uv(root, environment), "pip", "install", "--python", python]
    except (OSError, LookupError, ValueError, http.client.HTTPException, zipfile.BadZipFile) as error:
        trouble = f"uv: {error}\n"
    if output_of([python, "-I", "-m", "pip", "--version"]) is None:
        try:
            install([python, "-m", "ensurepip"], root, environment, lock)
        except SetUpFailed as failed:  # Debian without python3-venv
            raise SetUpFailed(explain_failure(trouble), failed.output + trouble) from None
    return [python, "-m", "pip", "install", "--no-input", "--no-compile", "--disable-pip-version-check"]
