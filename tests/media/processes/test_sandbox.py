"""What the sandbox denies: tried from inside by test programs."""

import ast
import contextlib
import os
import signal
import sys
import textwrap
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest

from ffmate_desktop.domain.environment import for_helper, for_media
from ffmate_desktop.domain.errors import UserError
from ffmate_desktop.media.awake import HelperInhibitor
from ffmate_desktop.media.processes import landlock, seccomp
from ffmate_desktop.media.processes.guardian import Guardian
from ffmate_desktop.media.processes.process import Launcher
from ffmate_desktop.media.processes.sandbox import Sandbox, kernel_support
from tests.media.clips import FFMPEG
from tests.media.processes.family import lives, shortly

pytestmark = pytest.mark.skipif(not kernel_support().landlock, reason="this kernel has no Landlock")
needs_seccomp = pytest.mark.skipif(not seccomp.is_supported(), reason="this kernel has no seccomp")

INTO_THE_LOG = (
    "import errno\ndef tried(call):\n try: return call() or 'done'\n except OSError as e: return e.errno"
)


@dataclass
class Place:
    """A readable folder with a film, a folder for the output, a private folder, and a secret next to them."""

    base: Path
    launcher: Launcher
    read: Path = field(init=False)
    private: Path = field(init=False)
    output: Path = field(init=False)
    secret: Path = field(init=False)

    def __post_init__(self) -> None:
        self.read, self.private, out = self.base / "in", self.base / "work", self.base / "out"
        for folder in (self.read, self.private, out):
            folder.mkdir()
        self.output = out / ".ffd-film.mp4"
        self.secret = self.base / "secret.txt"
        self.secret.write_text("the secret\n")
        (self.read / "film.mov").write_bytes(b"film")

    def sandbox(self, program: str, *, limited: bool) -> Sandbox:
        """Return the sandbox of a task."""
        read = (self.read, self.private) if limited else None
        return Sandbox(Path(program), read, (self.private,), (self.output,), isolated=limited)

    async def run(self, *argv: str, limited: bool) -> tuple[int, str]:
        """Return the exit code and the whole output."""
        said = bytearray()
        sandbox = self.sandbox(argv[0], limited=limited)
        process = await self.launcher.spawn(argv, cwd=self.private, merged=True, sandbox=sandbox)
        return await process.wait(said.extend), said.decode()

    async def ask(self, code: str, *, limited: bool) -> object:
        """Run a Python program in the sandbox and return the value that it prints."""
        argv = (sys.executable, "-I", "-S", "-c", f"{INTO_THE_LOG}\n{textwrap.dedent(code)}")
        ended, said = await self.run(*argv, limited=limited)
        assert ended == 0, said
        return ast.literal_eval(said)


@pytest.fixture
def place(tmp_path: Path, launcher: Launcher) -> Place:
    return Place(tmp_path, launcher)


@pytest.mark.parametrize("limited", [True, False])
async def test_only_the_output_and_the_private_folder_can_be_written(place: Place, limited: bool) -> None:
    film, out = place.read / "film.mov", place.output.parent
    (out / "older.mp4").write_text("older")
    (out / "link").symlink_to(film)
    outcome = await place.ask(
        f"""
        import os
        def write(path): open(path, "r+b" if os.path.exists(path) else "wb").close()
        film, out, output = {str(film)!r}, {str(out)!r}, {str(place.output)!r}
        print([
            tried(lambda: write(output)), tried(lambda: write("private")),
            tried(lambda: os.rename("private", "renamed")), tried(lambda: os.mkdir("folder")),
            tried(lambda: write(film)), tried(lambda: write(out + "/link")), tried(lambda: write(out + "/older.mp4")),
            tried(lambda: write(out + "/new")), tried(lambda: os.truncate(film, 0)), tried(lambda: os.unlink(film)),
            tried(lambda: os.rename(output, out + "/taken")), tried(lambda: os.link(film, "linked")),
            tried(lambda: os.rename("renamed", film)), tried(lambda: os.symlink("x", out + "/symlink")),
            tried(lambda: write("/proc/self/mem")), tried(lambda: write("/dev/shm/x")),
        ])
        """,
        limited=limited,
    )
    assert isinstance(outcome, list)
    assert outcome[:4] == ["done"] * 4
    assert all(isinstance(answer, int) for answer in outcome[4:]), outcome
    assert film.read_bytes() == b"film"
    assert sorted(path.name for path in out.iterdir()) == [".ffd-film.mp4", "link", "older.mp4"]


async def test_with_limits_nothing_else_can_be_read(place: Place) -> None:
    os.environ["SOME_CLOUD_KEY"] = "s3cr3t"
    (place.read / "link.mov").symlink_to(place.secret)
    paths = [
        str(place.secret), str(place.read / "link.mov"), str(place.read / ".." / "secret.txt"), "/etc/passwd",
        "/proc/self/environ", "/proc/self/cmdline", "/proc/self/maps", "/proc/self/mem", "/proc/self/fd",
        "/proc/thread-self/environ", f"/proc/{os.getpid()}/environ", f"/proc/{os.getpid()}/cmdline",
        f"/proc/{os.getpid()}/fd", "/proc/net/tcp", "/proc/mounts", "/proc/cmdline", "/proc/kcore", "/sys/kernel",
        "/sys/class/net", "/sys/class/dmi/id/product_name", "/dev/mem", "/dev/shm", "/dev/tty", "/run", "/tmp",
        "/opt", "/home", "/root", "/var/log", "/etc", "/",
    ]  # fmt: skip
    outcome = await place.ask(
        f"""
        import os
        def read(path):
            if os.path.isdir(path): os.listdir(path)
            else: open(path, "rb").read(1)
        film = {str(place.read / "film.mov")!r}
        print([tried(lambda: read(film)), *(tried(lambda p=p: read(p)) for p in {paths!r})])
        """,
        limited=True,
    )
    assert isinstance(outcome, list)
    assert outcome[0] == "done"
    assert [path for path, answer in zip(paths, outcome[1:], strict=True) if answer == "done"] == []


async def test_the_node_cannot_be_accessed_even_without_limits(place: Place) -> None:
    """Its environment and memory may contain the password of the queue. And ffmpeg must not end the node."""
    pid = os.getpid()
    # kernels from 6.14 let root read the others
    names = ("mem", "environ", "maps") if os.geteuid() else ("mem",)
    outcome = await place.ask(
        f"""
        import os
        print([tried(lambda: open("/proc/{pid}/" + name, "rb").read(1)) for name in {names!r}])
        """,
        limited=False,
    )
    assert isinstance(outcome, list)
    assert all(isinstance(answer, int) for answer in outcome), outcome
    if kernel_support().landlock >= 6:
        assert isinstance(
            await place.ask(f"import os; print(tried(lambda: os.kill({pid}, 0)))", limited=False), int
        )


@needs_seccomp
async def test_with_limits_no_socket_can_be_opened(place: Place) -> None:
    numbers = {
        name: column[0 if os.uname().machine == "x86_64" else 1] for name, column in seccomp._REFUSED.items()
    }
    outcome = await place.ask(
        f"""
        import ctypes, os, socket, threading
        libc = ctypes.CDLL(None, use_errno=True)
        def call(number):
            return ctypes.get_errno() if libc.syscall(number, 0, 0, 0, 0, 0) < 0 else "done"
        sockets = [(socket.AF_INET, socket.SOCK_DGRAM), (socket.AF_INET6, socket.SOCK_STREAM),
                   (socket.AF_UNIX, socket.SOCK_STREAM), (socket.AF_NETLINK, socket.SOCK_RAW)]
        said = [tried(lambda pair=pair: socket.socket(*pair) and None) for pair in sockets]
        said += [tried(lambda: socket.socketpair() and None)]
        said += [call(number) for number in {[n for n in numbers.values() if n is not None]!r}]
        clone = {56 if os.uname().machine == "x86_64" else 220}
        said += [ctypes.get_errno() if libc.syscall(clone, 0x10000011, 0, 0, 0, 0) < 0 else "done"]
        threads = threading.Thread(target=lambda: None); threads.start(); threads.join()
        child = os.fork()
        if not child: os._exit(7)
        print(said, os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), sep=",")
        """,
        limited=True,
    )
    assert isinstance(outcome, tuple)
    said, child = outcome
    assert set(said) == {1}, "each ends with EPERM"
    assert child == 7, "threads and processes of its own stay possible"


@needs_seccomp
def test_the_filter_supports_both_processors_and_refuses_other_calls() -> None:
    assert len(seccomp.filter_program("x86_64")) % 8 == 0
    assert seccomp.filter_program("x86_64") != seccomp.filter_program("aarch64")
    assert {"socket", "io_uring_setup", "ptrace", "pidfd_getfd"} <= seccomp._REFUSED.keys()


@needs_seccomp
async def test_32_bit_and_x32_calls_are_refused(place: Place) -> None:
    if os.uname().machine != "x86_64":
        pytest.skip("the numbers of system calls are those of x86-64")
    code = """
        import ctypes
        libc = ctypes.CDLL(None, use_errno=True)
        print(ctypes.get_errno() if libc.syscall(0x40000000 | 41, 2, 2, 0) < 0 else "done")
    """
    assert await place.ask(code, limited=True) == 1


async def test_only_the_standard_descriptors_are_inherited(place: Place) -> None:
    with Path(place.secret).open() as file:
        os.set_inheritable(file.fileno(), True)
        code = """
            import os
            print([n for n in range(1024) if isinstance(tried(lambda: os.fstat(n) and None), str)])
        """
        assert await place.ask(code, limited=False) == [0, 1, 2]


@pytest.mark.ffmpeg
@pytest.mark.parametrize("limited", [True, False])
async def test_ffmpeg_works_in_the_sandbox(place: Place, limited: bool) -> None:
    make = [
        "-v",
        "error",
        "-y",
        "-f",
        "lavfi",
        "-i",
        "testsrc=size=64x64",
        "-t",
        "0.2",
        "-movflags",
        "+faststart",
    ]
    assert await place.run(str(FFMPEG), *make, str(place.output), limited=limited) == (0, "")
    assert place.output.stat().st_size > 1000


async def test_a_program_that_cannot_be_confined_is_not_started(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox = Sandbox(Path("/bin/true"), None, (place.private,))
    monkeypatch.setattr(landlock, "abi_version", lambda: 0)
    with pytest.raises(UserError, match="Can't start"):
        await place.launcher.spawn(["/bin/true"], cwd=place.private, sandbox=sandbox)


async def test_a_failed_start_leaks_no_descriptors(place: Place) -> None:
    """Three descriptors are left: enough for one pipe, but not for two."""
    import resource  # Windows has neither

    from ffmate_desktop.media.processes import confined

    sandbox = place.sandbox("/bin/true", limited=False)
    before = len([*Path("/proc/self/fd").iterdir()])
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    taken: list[int] = []
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, limits[1]))
    try:
        with contextlib.suppress(OSError):
            while True:
                taken.append(os.open(os.devnull, os.O_RDONLY))
        for _ in range(3):
            os.close(taken.pop())
        for _ in range(2):
            with pytest.raises(OSError, match="Too many open files"):
                await confined.start(["/bin/true"], sandbox, cwd=place.private, env={}, merged=False)
        taken += os.pipe()
    finally:
        for descriptor in taken:
            os.close(descriptor)
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    assert len([*Path("/proc/self/fd").iterdir()]) == before


async def test_the_program_ends_with_the_thread_that_waits_for_it(place: Place) -> None:
    """Pausing, ending and finding the tree work as for any other process."""
    sandbox = place.sandbox("/bin/sh", limited=True)
    process = await place.launcher.spawn(
        ["/bin/sh", "-c", "sleep 60 & sleep 60"], cwd=place.private, sandbox=sandbox
    )
    shell = psutil.Process(process.pid)
    # Not before: a shell that is stopped together with a child which it made by vfork() waits on as "disk sleep".
    await shortly(lambda: [child.name() for child in shell.children()] == ["sleep"] * 2)
    family = [process.pid, *(child.pid for child in shell.children())]
    process.suspend()
    await shortly(lambda: shell.status() == psutil.STATUS_STOPPED)
    process.resume()
    await process.stop()
    assert await process.wait() == -signal.SIGTERM
    assert [pid for pid in family if lives(pid)] == []


async def test_no_child_process_gets_a_secret(launcher: Launcher, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("FFMATE_DATABASE", "PGPASSWORD", "AWS_SECRET_ACCESS_KEY", "GITHUB_TOKEN"):
        monkeypatch.setenv(name, "postgresql://me:s3cr3t@server/queue")
    guardian, awake = Guardian("test"), HelperInhibitor(["/bin/sleep", "60"])
    guardian.prepare()
    awake.hold()
    process = await launcher.spawn(["/bin/sleep", "60"], cwd=Path("/"))
    started = psutil.Process().children()
    assert {guardian.pid, process.pid} < {child.pid for child in started}
    try:
        for child in started:
            await shortly(child.environ)
            assert "s3cr3t" not in str((child.environ(), child.cmdline())), child
    finally:
        await process.stop()
        awake.close()
        guardian.close()


def test_programs_get_a_small_environment() -> None:
    given = {
        "PATH": "/bin", "HOME": "/home/me", "LC_CTYPE": "C", "LIBVA_DRIVER_NAME": "iHD", "LD_LIBRARY_PATH": "/x",
        "CUDA_VISIBLE_DEVICES": "0", "DISPLAY": ":0", "https_proxy": "http://me:pw@proxy", "FFMATE_DATABASE": "postgresql://",
        "PGPASSWORD": "x", "AWS_SECRET_ACCESS_KEY": "x", "LC_SECRET": "x", "NVIDIA_API_KEY": "x", "GITHUB_TOKEN": "x",
        "SSH_AUTH_SOCK": "x", "LD_PRELOAD": "x", "FFREPORT": "x", "PYTHONPATH": "/p",
    }  # fmt: skip
    limited = {"PATH", "HOME", "LC_CTYPE", "LIBVA_DRIVER_NAME", "LD_LIBRARY_PATH", "CUDA_VISIBLE_DEVICES"}
    assert set(for_media(given, limited=True)) == limited
    assert set(for_media(given)) == limited | {"DISPLAY", "https_proxy"}
    assert set(for_helper(given)) == {"PATH", "HOME", "LC_CTYPE", "LD_LIBRARY_PATH", "PYTHONPATH"}
    assert set(for_media({"SystemRoot": "C:", "Path": "x", "Temp": "t"}, limited=True)) == {
        "SystemRoot",
        "Path",
        "Temp",
    }
