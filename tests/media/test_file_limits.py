"""Every way around the file limits is blocked: by checking the command, and by the kernel."""

import sys
from pathlib import Path

import pytest

from ffmate_desktop.domain.errors import RetryElsewhereError
from ffmate_desktop.domain.grammar import tokenise
from ffmate_desktop.domain.permissions import Permissions
from ffmate_desktop.media.binaries import DeviceFormats
from ffmate_desktop.media.file_limits import FileLimits, check_devices, check_plan
from ffmate_desktop.media.output_plan import OutputPlan
from ffmate_desktop.media.outputs import plan_outputs
from ffmate_desktop.services.permissions import Allowed, PermissionService
from tests.media.clips import FFMPEG

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the commands name POSIX paths")


class Place:
    """Folders for reading and writing, and a secret next to them."""

    def __init__(self, base: Path) -> None:
        self.read, self.write, self.private = base / "in", base / "out", base / "work"
        for folder in (self.read, self.write, self.private):
            folder.mkdir()
        self.secret = base / "secret.txt"
        self.secret.write_text("the secret\n")
        self.film = self.read / "film.mov"
        self.film.write_bytes(b"film")
        self.permissions = Permissions(read=(self.read,), write=(self.write,))
        self.limits = FileLimits.for_task(self.permissions, self.private)

    def planned(self, command: str, output: str = "") -> OutputPlan:
        """Return the command with its paths filled in."""
        text = command.format(film=self.film, secret=self.secret, read=self.read, write=self.write)
        out = output or f"{self.write}/film.mp4"
        steps = tokenise(text.replace("OUT", out))
        return plan_outputs(
            steps, task="0" * 32, epoch=1, incarnation=1, main_output=out, main_input=str(self.film)
        )


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


@pytest.mark.parametrize(
    "command",
    [
        "-i {film} -c copy OUT",
        "-i {film} -vf scale=iw/2:-2,setpts=PTS/1.5 -r 30000/1001 OUT",
        "-i file:{film} -filter_complex [0:v]crop=(iw)/2:ih/2[v] -map [v] -aspect 16/9 OUT",
        "-f lavfi -i testsrc=size=64x64:rate=25/1 -t 1 OUT",
        "-i {film} -metadata title=1/2 -metadata:s:a:0 language=deu -pass 1 -f null - && -i {film} -pass 2 OUT",
        "-i {film} -vf subtitles={write}/film.srt OUT",
        "-i {film} -metadata comment=https://example.org/film -metadata:s:a:0 title='DVD: /1.. 2/..' OUT",
        "-i {film} -map 0 -f tee '[f=mp4:movflags=+faststart+frag_keyframe]OUT|"
        "[f=hls:hls_time=1]{write}/l.m3u8|[f=dvd:muxrate=9]{write}/d.mpg'",
    ],
)
@pytest.mark.parametrize("kernel", [True, False])
def test_ordinary_commands_are_allowed(place: Place, command: str, kernel: bool) -> None:
    check_plan(place.planned(command), place.limits, place.permissions, kernel=kernel)


@pytest.mark.parametrize(
    "command",
    [
        "-i {secret} OUT",
        "-i file:{secret} OUT",
        "-i {read}/../secret.txt OUT",
        "-i {read}/link.mov OUT",
        "-i {read}/list.ffconcat OUT",
        "-f concat -safe 0 -i {read}/list.ffconcat OUT",
        "-i 'concat:{film}|{secret}' OUT",
        "-i subfile,,start,0,end,9,,:{secret} OUT",
        "-i cache:{secret} OUT",
        "-i crypto:{secret} OUT",
        "-f lavfi -i movie={secret} OUT",
        "-f lavfi -i movie=filename={secret} OUT",
        r"-f lavfi -i 'movie=\/etc\/passwd' OUT",
        r"""-f lavfi -i "movie='/et'c/passwd" OUT""",
        "-i {film} -vf drawtext=textfile={secret} OUT",
        "-i {film} -vf 'movie=../../etc/passwd[m];[in][m]overlay' OUT",
        "-i {film} -vf subtitles=f={secret}:si=0 OUT",
        "-i {film} -filter_complex_script {secret} OUT",
        "-i {film} -/vf {secret} OUT",
        "-i {film} -attach {secret} OUT",
        "-i {film} -/metadata {secret} OUT",
        "-i {film} -passlogfile /etc/x OUT",
        "-i {film} -protocol_whitelist file,http,tcp OUT",
        "-i http://example.org/film.mov OUT",
        "-i {film} -f lavfi -i movie=http\\\\://example.org/x OUT",
        "-i {film} -f flv rtmp://example.org/live",
        "-i {film} -f tee '[f=mp4]OUT|/etc/x.mp4'",
        "-i {film} -f tee '[f=mp4]OUT|[f=mpegts]udp://10.0.0.1:1234'",
        "-i {film} -f tee '[f=mp4]OUT|[f=mpegts]udp:10.0.0.1:1234'",
        "-i {film} -f tee '[f=mp4]OUT|[f=mpegts]crypto+udp:10.0.0.1:1234'",
        "-i {film} -f mpegts dtls:10.0.0.1:1234",
        "-i dtls:10.0.0.1:1234 OUT",
        "-i crypto+udp:10.0.0.1:1234 OUT",
        "-i async:crypto:udp:10.0.0.1:1234 OUT",
        "-i 'concat:{film}|newprotocol:x' OUT",
        "-i newprotocol:10.0.0.1 OUT",
        "-i {film} -f mpegts md5:udp:10.0.0.1:1234",
        "-i {film} -vf 'movie=dtls\\\\:10.0.0.1' OUT",
        "-i {film} /etc/film.mp4",
        "-i {film} {read}/film.mp4",
        "-i {film} {write}/../film.mp4",
        "-i {film} {write}/elsewhere/film.mp4",
    ],
)
@pytest.mark.parametrize("kernel", [True, False])
def test_commands_that_leave_the_folders_are_refused(place: Place, command: str, kernel: bool) -> None:
    (place.read / "link.mov").symlink_to(place.secret)
    (place.read / "list.ffconcat").write_text(f"ffconcat version 1.0\nfile '{place.secret}'\n")
    (place.write / "elsewhere").symlink_to(place.secret.parent)
    with pytest.raises(RetryElsewhereError):
        check_plan(place.planned(command), place.limits, place.permissions, kernel=kernel)


def test_without_kernel_support_a_named_file_must_be_readable_and_writable(place: Place) -> None:
    planned = place.planned("-i {film} -vf lut3d=file={read}/look.cube OUT")
    check_plan(planned, place.limits, place.permissions, kernel=True)
    with pytest.raises(RetryElsewhereError, match="aren't allowed to write"):
        check_plan(planned, place.limits, place.permissions, kernel=False)


@pytest.mark.parametrize(
    "command",
    [
        "-f x11grab -i :0 OUT",
        "-f X11Grab -i :0 OUT",
        "-f pulse -i default OUT",
        "-i {film} -f v4l2 OUT",
        "-i {film} -f video4linux2 OUT",
        "-i {film} -f tee '[f=mp4]OUT|[f=fbdev]x'",
        "-i {film} -f fifo -fifo_format xv OUT",
        "-f lavfi -i movie=x:f=x11grab OUT",
        "-f lavfi -i movie=x:format_name=x11grab OUT",
        "-i {film} -filter_complex movie=x:format_name=pulse,null OUT",
    ],
)
async def test_a_device_is_refused_by_name(place: Place, command: str) -> None:
    devices = await DeviceFormats(FFMPEG).names()
    with pytest.raises(RetryElsewhereError, match="is a device"):
        check_devices(place.planned(command), devices)
    check_devices(place.planned("-f lavfi -i testsrc -f mp4 OUT"), devices)


def test_without_kernel_support_no_part_of_a_command_comes_from_files(place: Place) -> None:
    for command in ("-i {film} -/vf {read}/f OUT", "-i {film} -filter_complex_script {read}/f OUT"):
        check_plan(place.planned(command), place.limits, place.permissions, kernel=True)
        with pytest.raises(RetryElsewhereError, match="from a file"):
            check_plan(place.planned(command), place.limits, place.permissions, kernel=False)


def test_outputs_cannot_be_written_to_script_folders(place: Place) -> None:
    permissions = Permissions(scripts=(place.write,))
    limits = FileLimits.for_task(permissions, place.private)
    with pytest.raises(
        RetryElsewhereError, match="runs scripts from, so tasks aren't allowed to write there"
    ):
        check_plan(place.planned("-i {film} OUT"), limits, permissions)
    with pytest.raises(
        RetryElsewhereError, match="runs scripts from, so tasks aren't allowed to write there"
    ):
        check_plan(place.planned("-i {film} OUT", f"{place.write}/%d.png"), limits, permissions)


@pytest.mark.parametrize(
    "command",
    [
        "-dump_attachment:t:0 {write}/run.sh -i {film} OUT",
        "-dump_attachment:t '' -i {film} OUT",
        "-i {film} -vstats_file {write}/run.sh OUT",
        "-i {film} -vf metadata=print:file={write}/run.sh OUT",
        "-i {film} -vf metadata=print:file=../out/run.sh OUT",
        "-i {film} -pass 1 -passlogfile {write}/run OUT",
    ],
)
def test_options_cannot_write_to_script_folders(place: Place, command: str) -> None:
    """Otherwise anyone who can queue tasks could replace scripts, even without file limits."""
    permissions = Permissions(scripts=(place.write,))
    limits = FileLimits.for_task(permissions, place.private)
    output = f"{place.read}/film.mp4"
    with pytest.raises(RetryElsewhereError):
        check_plan(place.planned(command, output), limits, permissions)
    if "''" not in command:
        check_plan(place.planned(command, output), limits, Permissions(scripts=None))


@pytest.mark.parametrize(
    "name", ["permissions.json", "Settings.JSON", "logs/x.log", "work/film.mp4", "../f/window.ini"]
)
def test_tasks_cannot_write_the_programs_own_files(place: Place, name: str) -> None:
    """Otherwise a task could change its own permissions, even without file limits."""
    data = place.write / "f"
    (data / "work").mkdir(parents=True)
    (place.write / "link").symlink_to(data)
    permissions = PermissionService(data / "permissions.json", Allowed(), trusts_queue=False).current()
    unlimited = FileLimits.for_task(permissions, place.private)
    for output in (data / name, place.write / "link" / name):
        with pytest.raises(RetryElsewhereError, match="belongs to this program"):
            check_plan(place.planned("-i {film} -f data OUT", str(output)), unlimited, permissions)
        with pytest.raises(RetryElsewhereError, match="belongs to this program"):
            unlimited.check_write(output, permissions)
    check_plan(place.planned("-i {film} OUT", f"{data}/film.mp4"), unlimited, permissions)


def test_a_link_from_outside_into_the_folder_is_refused(place: Place, tmp_path: Path) -> None:
    """Outputs and sidecars replace the link itself, and temporary files are written next to it, not to its target."""
    outside = tmp_path / "outside"
    outside.mkdir()
    link = outside / "film.mp4"
    link.symlink_to(place.write / "film.mp4")
    with pytest.raises(RetryElsewhereError, match="aren't allowed to write"):
        place.limits.check_write(link, place.permissions)
    with pytest.raises(RetryElsewhereError, match="aren't allowed to write"):
        check_plan(place.planned("-i {film} -c copy OUT", str(link)), place.limits, place.permissions)
    scripts = Permissions(scripts=(outside,))
    with pytest.raises(RetryElsewhereError, match="runs scripts"):
        FileLimits.for_task(scripts, place.private).check_write(link, scripts)
    folder = outside / "pictures"
    folder.symlink_to(place.write)
    for fine in (folder, place.write):
        check_plan(place.planned("-i {film} OUT", f"{fine}/%d.png"), place.limits, place.permissions)
