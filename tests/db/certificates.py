"""Certificates for one run of the tests, made by openssl: an authority, a good server, one for another name."""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

PROGRAM = shutil.which("openssl")

# Python can use certificates, but not make them; nothing of ours installs openssl, so a bare system skips this.
needs_openssl = pytest.mark.skipif(PROGRAM is None, reason="no openssl: apt-get install openssl")


@dataclass(frozen=True)
class Certificates:
    """Files: what clients trust, and (certificate, key) of servers and of a client named anna."""

    root: Path
    server: tuple[Path, Path]
    other: tuple[Path, Path]
    anna: tuple[Path, Path]


def make_certificates(folder: Path) -> Certificates:
    """All of them, new."""
    root, root_key = folder / "root.crt", folder / "root.key"
    _openssl("req", "-x509", *_NEW, "-subj", "/CN=our authority", "-keyout", root_key, "-out", root)
    return Certificates(
        root=root,
        server=_signed(folder, "localhost", "DNS:localhost,IP:127.0.0.1", root, root_key),
        other=_signed(folder, "elsewhere", "DNS:elsewhere.example", root, root_key),
        anna=_signed(folder, "anna", "email:anna", root, root_key),
    )


_NEW = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2")


def _signed(folder: Path, name: str, names: str, root: Path, root_key: Path) -> tuple[Path, Path]:
    certificate, key, request = (folder / f"{name}.{ending}" for ending in ("crt", "key", "csr"))
    _openssl("req", *_NEW[:-2], "-subj", f"/CN={name}", "-keyout", key, "-out", request)
    extensions = folder / f"{name}.ext"
    extensions.write_text(f"subjectAltName={names}\n")
    _openssl(
        *("x509", "-req", "-in", request, "-CA", root, "-CAkey", root_key, "-CAcreateserial"),
        *("-days", "2", "-extfile", extensions, "-out", certificate),
    )
    return certificate, key


def _openssl(*words: str | Path) -> None:
    assert PROGRAM
    subprocess.run([PROGRAM, *map(str, words)], check=True, capture_output=True, timeout=60)
