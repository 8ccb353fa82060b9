"""Certificates for one run of the tests: an authority, a good server, one for another name, and a client."""

from dataclasses import dataclass
from pathlib import Path

import trustme


@dataclass(frozen=True)
class Certificates:
    """Files: what clients trust, and (certificate, key) of servers and of a client named anna."""

    root: Path
    server: tuple[Path, Path]
    other: tuple[Path, Path]
    anna: tuple[Path, Path]


def make_certificates(folder: Path) -> Certificates:
    """All of them, new."""
    authority = trustme.CA()
    root = folder / "root.crt"
    authority.cert_pem.write_to_path(root)

    def issued(name: str, *addresses: str) -> tuple[Path, Path]:
        server_cert = authority.issue_cert(*addresses, common_name=name)
        certificate, key = folder / f"{name}.crt", folder / f"{name}.key"
        server_cert.cert_chain_pems[0].write_to_path(certificate)
        server_cert.private_key_pem.write_to_path(key)
        return certificate, key

    return Certificates(
        root=root,
        server=issued("localhost", "localhost", "127.0.0.1"),
        other=issued("elsewhere", "elsewhere.example"),
        anna=issued("anna", "anna@example.org"),
    )
