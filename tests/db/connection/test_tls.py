"""Encryption by every sslmode, against a real server that insists on it."""

import ssl
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from ffmate_desktop.db.connection.address import Host, Tls
from ffmate_desktop.db.connection.connection import connect
from ffmate_desktop.db.connection.tls import encryption_options, make_context
from ffmate_desktop.db.health import check_health
from ffmate_desktop.domain.errors import UserError
from tests.db.connection.certificates import Certificates, make_certificates
from tests.db.connection.debian_server import TlsServer, needs_debian_server, open_tls_server
from tests.node.proxy import open_proxy

pytestmark = [
    pytest.mark.db,
    pytest.mark.skipif(sys.platform == "win32", reason="the test server is Debian's PostgreSQL"),
]


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("certificates"))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(certificates: Certificates) -> AsyncIterator[TlsServer]:
    async with open_tls_server(certificates) as opened:
        yield opened


@pytest.fixture(autouse=True)
def no_files_of_the_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))


class TestAgainstAServer:
    pytestmark = needs_debian_server

    @pytest.mark.parametrize("mode", ["allow", "prefer", "require"])
    async def test_encrypts_without_looking_at_the_certificate(self, server: TlsServer, mode: str) -> None:
        health = await check_health(server.uri(sslmode=mode))
        assert health.encryption.startswith("TLSv1")
        assert not health.checked

    async def test_encrypts_by_default(self, server: TlsServer) -> None:
        assert (await check_health(server.uri())).encryption

    @pytest.mark.parametrize("mode", ["require", "verify-ca", "verify-full"])
    async def test_looks_at_the_certificate_where_an_authority_is_given(
        self, server: TlsServer, certificates: Certificates, mode: str
    ) -> None:
        for host in ("127.0.0.1", "localhost") if mode == "verify-full" else ("127.0.0.1",):
            health = await check_health(server.uri(host=host, sslmode=mode, sslrootcert=certificates.root))
            assert health.checked

    async def test_the_usual_file_of_authorities_is_used(
        self, server: TlsServer, certificates: Certificates, tmp_path: Path
    ) -> None:
        (tmp_path / ".postgresql").mkdir()
        (tmp_path / ".postgresql" / "root.crt").write_bytes(certificates.root.read_bytes())
        assert (await check_health(server.uri(sslmode="require"))).checked

    @pytest.mark.parametrize(
        "parameters",
        [
            {"sslmode": "verify-full"},
            {"sslmode": "verify-ca"},
            {"sslrootcert": "system"},
            {"channel_binding": "require"},
        ],
    )
    async def test_an_unknown_authority_is_refused(
        self, server: TlsServer, parameters: dict[str, str]
    ) -> None:
        with pytest.raises(
            UserError, match=r"Can't make an encrypted connection to 127\.0\.0\.1.*(sslrootcert)"
        ) as caught:
            await connect(server.uri(**parameters))
        assert "self-signed" in str(caught.value) or "unable to get local issuer" in str(caught.value)

    async def test_a_certificate_for_another_name_is_refused(
        self, server: TlsServer, certificates: Certificates
    ) -> None:
        server.use(certificates.other)
        await server.reload()
        try:
            with pytest.raises(UserError, match=r"is not valid for '127\.0\.0\.1'"):
                await connect(server.uri(sslmode="verify-full", sslrootcert=certificates.root))
            await (await connect(server.uri(sslmode="verify-ca", sslrootcert=certificates.root))).close()
        finally:
            server.use(certificates.server)
            await server.reload()

    async def test_a_certificate_instead_of_a_password(
        self, server: TlsServer, certificates: Certificates, tmp_path: Path
    ) -> None:
        server.rules("hostssl all anna 127.0.0.1/32 cert")
        await server.reload()
        try:
            certificate, key = certificates.anna
            uri = server.uri(password=None, sslmode="require", sslcert=certificate, sslkey=key)
            await (await connect(uri)).close()
            both = tmp_path / "both.pem"
            both.write_bytes(certificate.read_bytes() + key.read_bytes())
            await (await connect(server.uri(password=None, sslmode="require", sslcert=both))).close()
            with pytest.raises(UserError, match="refused the user “anna”"):
                await connect(server.uri(sslmode="require"))
        finally:
            server.rules("hostssl all all 127.0.0.1/32 scram-sha-256")
            await server.reload()

    async def test_a_server_that_insists_on_encryption_says_so(self, server: TlsServer) -> None:
        with pytest.raises(UserError, match=r"no rule that lets the user “anna” connect .* change sslmode"):
            await connect(server.uri(sslmode="disable"))

    @pytest.mark.parametrize("mode", ["prefer", "allow", "require"])
    async def test_a_wrong_password_is_called_that(self, server: TlsServer, mode: str) -> None:
        with pytest.raises(UserError, match="the name or password is wrong"):
            await connect(server.uri(password="wrong", sslmode=mode))

    async def test_old_versions_of_tls_can_be_forbidden(self, server: TlsServer) -> None:
        uri = server.uri(
            sslmode="require", ssl_min_protocol_version="TLSv1.2", ssl_max_protocol_version="TLSv1.2"
        )
        assert (await check_health(uri)).encryption == "TLSv1.2"


async def test_a_server_without_encryption_is_distinguished_from_one_with(postgres_uri: str) -> None:
    async with open_proxy(postgres_uri) as proxy:
        uri = proxy.uri.replace("sslmode=disable", "sslmode=")
        with pytest.raises(UserError, match="offers no encryption, but sslmode=require requires it"):
            await connect(uri + "require")
        for mode in ("prefer", "allow"):
            session = await connect(uri + mode)
            assert session.encryption == ""
            await session.close()


@pytest.mark.parametrize(
    "tls", [Tls("require", root="/no/x"), Tls(certificate="/no/x"), Tls("verify-ca", revoked="/no/x")]
)
def test_a_missing_file_is_named(tls: Tls) -> None:
    with pytest.raises(UserError, match="certificate file /no/x: it does not exist"):
        make_context(tls)


def test_an_unusable_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "root.crt").write_text("not a certificate")
    with pytest.raises(UserError, match=r"certificate file .*root\.crt: "):
        make_context(Tls("verify-ca", root=str(tmp_path / "root.crt")))


def test_an_unknown_version_is_named() -> None:
    with pytest.raises(UserError, match="“SSLv3” isn't a supported TLS version"):
        make_context(Tls("require", most="SSLv3"))
    usual = ssl.create_default_context().minimum_version
    assert make_context(Tls("require", least="TLSv1")).minimum_version == usual, (
        "never less than this computer's"
    )


def test_a_unix_socket_is_never_encrypted() -> None:
    assert encryption_options(Tls("require"), Host("/run/pg", 5432)) == [False]
