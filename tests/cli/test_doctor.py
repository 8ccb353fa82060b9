"""What `doctor` finds on this computer, without a database."""

from dataclasses import replace
from pathlib import Path

import pytest

from ffmate_desktop.cli.doctor import check_permissions, check_storage
from ffmate_desktop.cli.given import settings_from
from ffmate_desktop.domain.errors import UserError


async def test_a_data_folder_that_will_be_made_is_no_trouble(tmp_path: Path) -> None:
    (check,) = await check_storage(tmp_path / "new" / "deeper")
    assert check.state in ("ok", "warning") and "free in" in check.message
    assert not (tmp_path / "new").exists()


async def test_permissions_that_cannot_be_read_are_trouble(tmp_path: Path) -> None:
    settings = replace(settings_from(data_dir=tmp_path), allow_read=(tmp_path,))
    (check,) = await check_permissions(settings)
    assert check.message == f"scripts: anywhere; read: {tmp_path}; write: anywhere"
    settings.permissions_file.write_text("{oops")
    with pytest.raises(UserError, match="cannot be read"):
        await check_permissions(settings)
