"""Passwords: apart from the address, in a keyring that is a real file, or nowhere."""

from pathlib import Path

import pytest
from keyring.backend import KeyringBackend
from keyring.backends import fail, null
from keyring.errors import KeyringError
from keyrings.alt.file import PlaintextKeyring

from ffmate_desktop.db.connection.uri import parse
from ffmate_desktop.domain.errors import UsageError, UserError
from ffmate_desktop.services import passwords
from ffmate_desktop.services.passwords import Keyring, split_password, with_password

ADDRESS = "postgresql://me@db:5433/ffmate"
HARD = "p@ss/w?rd%#: “ü”"


def file_keyring(folder: Path) -> Keyring:
    """A keyring in a file of this folder."""
    backend = PlaintextKeyring()
    backend.file_path = str(folder / "keyring.cfg")
    return Keyring(lambda: backend)


async def test_a_keyring_gives_back_what_it_was_given(tmp_path: Path) -> None:
    keyring = file_keyring(tmp_path)
    assert await keyring.name()
    assert await keyring.password(ADDRESS) is None
    assert await keyring.keep(ADDRESS, HARD)
    assert await file_keyring(tmp_path).password(ADDRESS) == HARD
    assert await keyring.password("postgresql://other@db/ffmate") is None


@pytest.mark.parametrize("backend", [fail.Keyring, null.Keyring])
async def test_without_a_keyring_nothing_is_kept(backend: type[KeyringBackend]) -> None:
    keyring = Keyring(backend)
    assert await keyring.name() == ""
    assert not await keyring.keep(ADDRESS, HARD)
    assert await keyring.password(ADDRESS) is None


class Locked(PlaintextKeyring):  # type: ignore[misc] # keyrings.alt has no types
    """Like a keyring that its user did not unlock."""

    def get_password(self, service: str, username: str) -> str | None:
        raise KeyringError("it is locked")

    def set_password(self, service: str, username: str, password: str) -> None:
        raise KeyringError("it is locked")


async def test_a_keyring_that_refuses_is_trouble_when_writing_and_nothing_when_reading() -> None:
    keyring = Keyring(Locked)
    assert await keyring.password(ADDRESS) is None
    with pytest.raises(UserError, match="refused: it is locked"):
        await keyring.keep("address", "password")


async def test_a_keyring_that_waits_for_its_user_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    import threading

    over = threading.Event()
    monkeypatch.setattr(passwords, "PATIENCE", 0.05)

    def wait() -> KeyringBackend:
        over.wait(30)
        return null.Keyring()  # type: ignore[no-untyped-call] # keyring has no types here

    assert await Keyring(wait).password(ADDRESS) is None
    over.set()


def test_the_library_is_not_allowed_a_file_in_plain_text(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The package with such files is installed here; without a desktop it is all that the library finds."""
    monkeypatch.delenv("PYTHON_KEYRING_BACKEND", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert not isinstance(passwords._of_the_system(), PlaintextKeyring)


@pytest.mark.parametrize(
    ("uri", "address", "password"),
    [
        ("postgresql://me:s%40cret@db/x", "postgresql://me@db/x", "s@cret"),
        ("postgresql://me@db:1/x?sslmode=require", "postgresql://me@db:1/x?sslmode=require", None),
        ("postgres://db/x?password=a%26b&sslmode=require", "postgresql://db/x?sslmode=require", "a&b"),
        ("psql 'postgresql://me:p@a:1,b:2/x'", "postgresql://me@a:1,b:2/x", "p"),
        ("jdbc:postgresql://db/x", "postgresql://db/x", None),
        ("postgresql://:p@db", "postgresql://db", "p"),
    ],
)
def test_an_address_and_its_password_come_apart(uri: str, address: str, password: str | None) -> None:
    assert split_password(uri) == (address, password)


@pytest.mark.parametrize(
    "address", [ADDRESS, "postgresql://db/x?sslmode=require", "postgresql://u@/x?host=/run"]
)
def test_and_together_again(address: str) -> None:
    complete = with_password(address, HARD)
    assert split_password(complete) == (address, HARD)
    assert parse(complete, {}).password == HARD
    assert parse(complete, {"PGUSER": "u"}).hosts == parse(address, {"PGUSER": "u"}).hosts


def test_what_cannot_be_taken_apart_is_refused_without_the_secret() -> None:
    for uri in ("http://me:secret@db/x", "postgresql://me@db/x?sslpassword=secret", "me:secret@db"):
        with pytest.raises(UsageError) as refused:
            split_password(uri)
        assert "secret" not in str(refused.value)
