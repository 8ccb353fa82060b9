"""Create tiny real media files with the bundled ffmpeg."""

import subprocess
from pathlib import Path

import imageio_ffmpeg

FFMPEG = Path(imageio_ffmpeg.get_ffmpeg_exe())


def ffmpeg(*arguments: str | Path, cwd: Path | None = None) -> None:
    """Run ffmpeg, which must succeed."""
    argv = [str(FFMPEG), "-v", "error", "-nostdin", "-y", *map(str, arguments)]
    subprocess.run(argv, check=True, cwd=cwd, stdin=subprocess.DEVNULL)


def run(*arguments: str | Path, cwd: Path | None = None) -> tuple[int, list[str]]:
    """Run ffmpeg with the log options of the program. Return the exit code and the log lines."""
    argv = [str(FFMPEG), "-hide_banner", "-nostats", "-loglevel", "level+info", "-nostdin", "-y"]
    done = subprocess.run([*argv, *map(str, arguments)], cwd=cwd, capture_output=True, check=False)
    return done.returncode, done.stderr.decode("utf-8", "replace").splitlines()


def clip(path: Path, *options: str | Path, seconds: float = 2, sound: float | None = None) -> Path:
    """Create a film with 160x120 at 25 frames/s and a tone of `sound` seconds (default: as long as the film)."""
    ffmpeg(
        *("-f", "lavfi", "-i", f"testsrc2=s=160x120:r=25:d={seconds}"),
        *("-f", "lavfi", "-i", f"sine=d={seconds if sound is None else sound}"),
        *("-c:v", "libx264", "-preset", "ultrafast", "-g", "12"),
        *options,
        path,
    )
    return path


def cut_off(source: Path, target: Path, share: float) -> Path:
    """Copy the first `share` (0 to 1) of the bytes of a file, like an interrupted copy."""
    data = source.read_bytes()
    target.write_bytes(data[: int(len(data) * share)])
    return target
