"""What `doctor` finds on this computer, and who may enter the database."""

import json
from pathlib import Path
from urllib.parse import quote, urlsplit
from uuid import uuid4

import asyncpg
import pytest

from ffmate_desktop.cli.doctor import check_access, check_permissions, check_sandbox, check_storage
from ffmate_desktop.db.health import check_health
from ffmate_desktop.domain.errors import UserError
from ffmate_desktop.media.processes.sandbox import KernelSupport
from ffmate_desktop.settings.table import Settings
from tests.end_to_end.clerk import Clerk
from tests.media.clips import FFMPEG


async def test_a_data_folder_that_will_be_made_is_no_trouble(tmp_path: Path) -> None:
    (check,) = await check_storage(tmp_path / "new" / "deeper")
    assert check.state in ("ok", "warning") and "free in" in check.message
    assert not (tmp_path / "new").exists()


async def test_permissions_that_cannot_be_read_are_trouble(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, allow_read=(tmp_path,))
    (check,) = await check_permissions(settings)
    assert check.message == f"scripts: anywhere; read: {tmp_path}; write: anywhere"
    settings.permissions_file.write_text("{oops")
    with pytest.raises(UserError, match="Can't read"):
        await check_permissions(settings)


@pytest.mark.parametrize("limited", [True, False])
def test_what_the_kernel_enforces_is_told(limited: bool) -> None:
    landlock, seccomp = check_sandbox(KernelSupport(7, seccomp=True), limited=limited)
    assert (landlock.name, landlock.state, landlock.message[:9]) == ("landlock", "ok", "version 7")
    assert (seccomp.name, seccomp.state) == ("seccomp", "ok")
    missing = check_sandbox(KernelSupport(0, seccomp=False), limited=limited)
    assert {check.state for check in missing} == {"warning" if limited else "ok"}
    assert all(check.message.startswith("not available") for check in missing)


@pytest.mark.db
@pytest.mark.parametrize("owns", [True, False])
async def test_a_database_that_everybody_may_enter_is_told_with_the_cure(
    postgres_uri: str, owns: bool
) -> None:
    name, role = (f'{word} "{uuid4().hex[:8]}; x' for word in ("Film", "ärin"))
    quoted = [f'"{word.replace(chr(34), 2 * chr(34))}"' for word in (name, role)]
    admin = await asyncpg.connect(postgres_uri)
    parts = urlsplit(postgres_uri)
    netloc = parts.netloc.replace(f"{parts.username}@", f"{quote(role)}@")
    uri = parts._replace(netloc=netloc, path=f"/{quote(name)}").geturl()
    try:
        await admin.execute(f"CREATE ROLE {quoted[1]} LOGIN")
        await admin.execute(f"CREATE DATABASE {quoted[0]} TEMPLATE template0 STRATEGY FILE_COPY")
        if owns:
            await admin.execute(f"ALTER DATABASE {quoted[0]} OWNER TO {quoted[1]}")
        health = await check_health(uri)
        check = check_access(health)
        assert check.state == "warning"
        assert check.message.endswith(f"REVOKE CONNECT ON DATABASE {quoted[0]} FROM PUBLIC;")
        assert ("GRANT CONNECT ON DATABASE" in health.closing) is not owns
        await admin.execute(health.closing)
        assert check_access(await check_health(uri)).state == "ok"  # and it still may enter itself
    finally:
        await admin.execute(f"DROP DATABASE IF EXISTS {quoted[0]} WITH (FORCE)")
        await admin.execute(f"DROP ROLE IF EXISTS {quoted[1]}")
        await admin.close()


@pytest.mark.db
@pytest.mark.ffmpeg
def test_json_has_the_statement_too(database_uri: str, tmp_path: Path, clerk: Clerk) -> None:
    words = ("--database", database_uri, "--data-dir", str(tmp_path), "--ffmpeg", str(FFMPEG))
    code, out, err = clerk.ask(*words, "doctor", "--json")
    report = json.loads(out)
    assert (code, err, report["healthy"]) == (0, "", True)
    [access] = [check for check in report["checks"] if check["name"] == "access"]
    name = urlsplit(database_uri).path.strip("/")
    assert access["state"] == "warning"
    assert access["message"].endswith(f"REVOKE CONNECT ON DATABASE {name} FROM PUBLIC;")
