"""Rules about nodes."""

import pytest

from ffmate_desktop.domain.node import short_version


@pytest.mark.parametrize(
    ("version", "short"),
    [
        ("n9.0.2-17-g2a571b6068-20260930", "9.0.2"),
        ("5.1.6-0+deb12u1", "5.1.6"),
        ("7.1", "7.1"),
        ("2024-05-13-git-37db0454e4-full_build", "2024-05-13-git-37db0454e4-full_build"),
        ("git-2024", "git-2024"),
        ("N-12345-gabc", "N-12345-gabc"),
        ("", ""),
    ],
)
def test_short_versions_of_ffmpeg(version: str, short: str) -> None:
    assert short_version(version) == short
