"""The command that adds a node: complete when copied, without the password when shown, safe in double quotes."""

import pytest

from ffmate_desktop.services.invitation import invitation


def test_the_password_is_hidden_and_the_rest_is_not() -> None:
    invited = invitation("postgresql://me:s3cret@server:5433/ffmate?sslmode=require")
    assert (
        invited.command
        == 'ffmate-desktop --database "postgresql://me:s3cret@server:5433/ffmate?sslmode=require"'
    )
    assert (
        invited.masked == 'ffmate-desktop --database "postgresql://me:***@server:5433/ffmate?sslmode=require"'
    )
    assert invited.has_password
    assert not invitation("postgresql://me@server/ffmate").has_password


def test_characters_that_shells_interpret_are_encoded() -> None:
    invited = invitation('postgresql://me:a$b`c"d!e\\f@server/ffmate')
    assert (
        invited.command == 'ffmate-desktop --database "postgresql://me:a%24b%60c%22d%21e%5Cf@server/ffmate"'
    )


@pytest.mark.parametrize(
    ("uri", "host"),
    [
        ("postgresql://me@localhost/ffmate", "localhost"),
        ("postgresql://me@127.0.0.1:5432/ffmate", "127.0.0.1"),
        ("postgresql://me@[::1]/ffmate", "::1"),
        ("postgresql:///ffmate", "localhost"),
        ("postgresql:///ffmate?host=/var/run/postgresql", "/var/run/postgresql"),
        ("postgresql:///ffmate?host=server", None),
        ("postgresql://me@server/ffmate", None),
        ("postgresql://me@10.0.0.7/ffmate", None),
    ],
)
def test_a_host_that_means_this_computer_is_reported(uri: str, host: str | None) -> None:
    assert invitation(uri).local_host == host
