"""No spelling of an option damages an input, and side outputs still reach their target."""

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from ffmate_desktop.domain.errors import UserError
from ffmate_desktop.domain.grammar import tokenise
from ffmate_desktop.domain.task import IfExists
from ffmate_desktop.media import command, publish
from ffmate_desktop.media.diagnosis import Diagnosis
from ffmate_desktop.media.file_limits import FileLimits, has_landlock, sandbox_for
from ffmate_desktop.media.outputs import plan_outputs
from ffmate_desktop.media.processes.process import Launcher
from ffmate_desktop.media.sandbox_denial import diagnose_denial
from tests.media.clips import FFMPEG

pytestmark = [
    pytest.mark.ffmpeg,
    pytest.mark.skipif(not has_landlock(), reason="this kernel has no Landlock"),
]


@dataclass
class EncodeBench:
    """A film in a folder with its outputs, and the private folder of an attempt."""

    base: Path
    launcher: Launcher
    clip: bytes
    said: str = ""
    why: Diagnosis | None = None
    film: Path = field(init=False)
    other: Path = field(init=False)
    out: Path = field(init=False)
    private: Path = field(init=False)

    def __post_init__(self) -> None:
        self.out, self.private = self.base / "it's here", self.base / "work"
        for folder in (self.out, self.private):
            folder.mkdir()
        self.film, self.other = self.out / "film.mkv", self.out / "other.mkv"
        for file in (self.film, self.other):
            file.write_bytes(self.clip)

    async def run(
        self, text: str, if_exists: IfExists = IfExists.RENAME, output: str = "out.mkv"
    ) -> list[Path]:
        """Plan, encode and publish as an attempt does. Return what was published, or nothing if ffmpeg failed."""
        words = {"FILM": self.film, "OTHER": self.other, "DIR": self.out, "OUT": self.out / output}
        steps = [[_put(word, words) for word in step] for step in tokenise(text)]
        planned = plan_outputs(
            steps, task="0" * 32, epoch=1, incarnation=1, main_output=str(self.out / output),
            main_input=str(self.film), program=FFMPEG,
        )  # fmt: skip
        publish.make_folders(planned)
        sandbox = sandbox_for(planned, FileLimits(None, None), self.private, FFMPEG)
        said = bytearray()
        for step in planned.steps:
            argv = command.build(FFMPEG, step)
            process = await self.launcher.spawn(argv, cwd=self.private, sandbox=sandbox)
            async with asyncio.timeout(60):
                code = await process.wait(None, said.extend)
            self.said = said.decode(errors="replace")
            if code != 0:
                self.why = diagnose_denial(self.said.splitlines(), planned, sandbox)
                return []
        publish.sync(planned)
        return publish.publish(planned, if_exists)

    def intact(self) -> bool:
        """Return whether both films are unchanged."""
        return self.film.read_bytes() == self.clip and self.other.read_bytes() == self.clip


def _put(word: str, words: dict[str, Path]) -> str:
    """Put a path in place of its name. In filters, escape it as needed."""
    for name, path in words.items():
        escaped = str(path).replace("'", "\\\\\\'")
        word = word.replace(f"@{name}", escaped).replace(name, str(path))
    return word


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory, launcher: Launcher) -> bytes:
    path = tmp_path_factory.mktemp("clip") / "clip.mkv"
    words = "-v error -f lavfi -i testsrc2=s=64x64:r=10:d=1 -f lavfi -i sine=d=1 -c:v mpeg4 -c:a aac"

    async def make() -> None:
        process = await launcher.spawn([str(FFMPEG), *words.split(), str(path)], cwd=path.parent)
        assert await process.wait() == 0

    asyncio.run(make())
    return path.read_bytes()


@pytest.fixture
def bench(tmp_path: Path, launcher: Launcher, clip: bytes) -> EncodeBench:
    return EncodeBench(tmp_path, launcher, clip)


@pytest.mark.parametrize(
    "attack",
    [
        "-i FILM -c copy -f mp4 md5:FILM",
        "-i FILM -c copy -f matroska crypto:FILM",
        "-i FILM -c copy -f matroska -encryption_key 00112233445566778899aabbccddeeff "
        "-encryption_iv 00112233445566778899aabbccddeeff crypto+file:FILM",
        "-i FILM -c copy -f matroska md5:crypto:FILM",
        "-i FILM -c copy -f matroska tee:FILM",
        "-i FILM -map 0 -c copy -f tee '[f=md5]DIR/sum|[f=matroska]md5:FILM'",
        "-i FILM -vf metadata=print:file=@FILM OUT",
        "-i FILM -af ametadata=mode=print:file=@FILM OUT",
        "-i FILM -i OTHER -lavfi ssim=stats_file=@OTHER OUT",
        "-i FILM -i OTHER -lavfi psnr=@FILM OUT",
        "-i FILM -vf signature=filename=@FILM OUT",
        "-i FILM -vf deshake=filename=@FILM OUT",
        "-i FILM -af firequalizer=dumpfile=@FILM OUT",
        "-i FILM -vf curves=vintage:plot=@FILM OUT",
        "-i FILM -vf vidstabdetect=result=@FILM OUT",
        "-i FILM -c:v libx264 -x264-params pass=1:stats=FILM OUT",
        "-i FILM -c:v libx264 -x264opts stats=FILM:pass=1 OUT",
        "-i FILM -c:v libx265 -x265-params csv=FILM OUT",
        "-i FILM -c:v libx264 -b:v 100k -pass 1 -passlogfile DIR/film.mkv -f null -",
        "-i FILM -vstats_file FILM OUT",
        "-stats_enc_pre:v FILM -i FILM OUT",
        "-i FILM -stats_mux_pre FILM OUT",
        "-i FILM -print_graphs_file FILM OUT",
        "-i FILM -sdp_file FILM -f rtp rtp://127.0.0.1:19998",
        "-dump_attachment:t:0 FILM -i FILM OUT",
        "-i FILM -hls_enc 1 -hls_enc_key 00112233445566778899aabbccddeeff -hls_enc_key_url FILM DIR/l.m3u8",
        "-i FILM -hls_segment_filename FILM DIR/l.m3u8",
        "-i FILM -f segment -segment_list FILM DIR/s%d.mkv",
        "-i FILM -f webm_chunk -header FILM -c:v libvpx -an DIR/c%d.chk",
        "-i FILM -f image2 -update 1 -atomic_writing 1 FILM",
        "-f lavfi -i movie=@OTHER -t 1 OTHER",
        "-f lavfi -i \"movie=@OTHER,metadata=print:file=@OTHER\" OUT",
        "-init_hw_device vulkan=v,debug=1 -i FILM FILM",
        "-i FILM -c copy -f matroska file:FILM",
        "-i FILM -c copy -f matroska //FILM",
        "-i FILM -c copy -f matroska DIR/../film.mkv",
        "-i FILM -c copy -f fifo -fifo_format matroska md5:FILM",
        "-i FILM -c copy -f stream_segment -segment_list FILM DIR/s%d.mkv",
        "-i FILM -f framemd5 md5:file:FILM",
    ],
)  # fmt: skip
async def test_no_spelling_of_an_option_damages_an_input(bench: EncodeBench, attack: str) -> None:
    try:
        await bench.run(attack, IfExists.REPLACE)
    except UserError as error:
        bench.said = error.message
    assert bench.intact(), bench.said


async def test_filters_in_a_file_cannot_damage_an_input_and_the_error_says_why(bench: EncodeBench) -> None:
    """The filters in the file aren't checked before the run, so the kernel must deny the access."""
    for text in (
        f"metadata=print:file={bench.film}".replace("'", "\\\\\\'"),
        f"ssim=stats_file={bench.film}".replace("'", "\\\\\\'"),
    ):
        (bench.private / "graph").write_text(text)
        assert await bench.run(f"-i FILM -i OTHER -/filter_complex {bench.private}/graph OUT") == []
        assert bench.intact(), bench.said
        assert bench.why is not None
        assert "film.mkv" in bench.why.sentence and "own input" in bench.why.sentence
    (bench.private / "graph").write_text(f"metadata=print:file={bench.base}/new.txt")
    assert await bench.run(f"-i FILM -/filter_complex {bench.private}/graph OUT") == []
    assert bench.why is not None
    assert (
        f"only write the outputs of its command, so “{bench.base}/new.txt” was refused" in bench.why.sentence
    )


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("-i FILM -vf metadata=print:file=@DIR/meta.txt OUT", ["meta.txt", "out.mkv"]),
        ("-i FILM -i OTHER -lavfi \"ssim=@DIR/ssim.log;[0:v][1:v]psnr=f=@DIR/psnr.log\" OUT",
         ["out.mkv", "psnr.log", "ssim.log"]),
        ("-i FILM -vstats_file DIR/v.log -stats_enc_post:v DIR/post.log OUT", ["out.mkv", "post.log", "v.log"]),
        ("-i FILM -print_graphs_file DIR/graphs.json OUT", ["graphs.json", "out.mkv"]),
        ("-i FILM -c:v libx264 -b:v 99k -pass 1 -passlogfile DIR/p -f null - && "
         "-i FILM -c:v libx264 -b:v 99k -pass 2 -passlogfile DIR/p OUT", ["out.mkv"]),
        ("-i FILM -c:v libx264 -b:v 99k -x264-params pass=1:stats=DIR/s.log -f null - && "
         "-i FILM -c:v libx264 -b:v 99k -x264-params pass=2:stats=DIR/s.log OUT", ["out.mkv"]),
        ("-i FILM -c:v libx264 -b:v 99k -pass 1 -passlogfile DIR/p -f null -", ["p-0.log", "p-0.log.mbtree"]),
        ("-i FILM -vf vidstabdetect=result=@DIR/t.trf -f null - && "
         "-i FILM -vf vidstabtransform=input=@DIR/t.trf OUT",
         ["out.mkv"]),
        ("-i FILM -c copy -f matroska md5:DIR/sum.md5", ["sum.md5"]),
        ("-i FILM -c copy -f mpegts -encryption_key 00112233445566778899aabbccddeeff "
         "-encryption_iv 00112233445566778899aabbccddeeff crypto:DIR/secret.ts", ["secret.ts"]),
        ("-i FILM -c:v libx264 -hls_enc 1 -hls_enc_key 00112233445566778899aabbccddeeff "
         "-hls_enc_key_url DIR/k.bin DIR/l.m3u8", ["k.bin", "l.m3u8", "l0.ts"]),
        ("-i FILM -f segment -segment_time 0.5 -segment_list DIR/all.csv DIR/s%d.mkv", ["all.csv", "s0.mkv"]),
        ("-i FILM -c:v libx264 -f dash DIR/l.mpd", ["chunk-stream0-00001.m4s", "chunk-stream1-00001.m4s",
         "init-stream0.m4s", "init-stream1.m4s", "l.mpd"]),
        ("-i FILM -map 0 -c copy -f tee '[f=matroska]DIR/a.mkv|[f=md5]DIR/b.md5'", ["a.mkv", "b.md5"]),
        ("-i FILM -an -frames:v 2 DIR/p%02d.png", ["p01.png", "p02.png"]),
        ("-i FILM -c:v libx264 -c:a aac -movflags +faststart DIR/f.mp4", ["f.mp4"]),
        ("-i FILM -map 0:v -c:v libvpx -f webm_chunk -header DIR/c.hdr DIR/c%d.chk", ["c.hdr", "c0.chk"]),
        ("-i cache:FILM -c copy OUT", ["out.mkv"]),
        ("-i FILM -vf metadata=print:file=/dev/stderr OUT", ["out.mkv"]),
        ("-i FILM -report -progress DIR/progress OUT", ["out.mkv"]),
        ("-i FILM mid.nut && -i mid.nut OUT", ["out.mkv"]),
    ],
)  # fmt: skip
async def test_side_outputs_are_published(bench: EncodeBench, words: str, expected: list[str]) -> None:
    published = await bench.run(words)
    assert sorted(path.name for path in published) == expected, bench.said[-1500:]
    assert all(path.exists() and path.parent == bench.out for path in published)
    assert not [path for path in bench.out.iterdir() if path.name.startswith(".ffd-") and path.is_file()]
    assert bench.intact()


async def test_an_existing_log_is_kept_unless_it_may_be_replaced(bench: EncodeBench) -> None:
    (bench.out / "v.log").write_text("older")
    names = [path.name for path in await bench.run("-i FILM -vstats_file DIR/v.log OUT")]
    assert names == ["out.mkv", "v-2.log"]
    await bench.run("-i FILM -vstats_file DIR/v.log OUT", IfExists.REPLACE)
    assert (bench.out / "v.log").read_text() != "older"


async def test_a_playlist_names_the_final_path_of_its_key(bench: EncodeBench) -> None:
    encrypted = "-hls_enc 1 -hls_enc_key 00112233445566778899aabbccddeeff -hls_enc_key_url DIR/k.bin"
    await bench.run(f"-i FILM -c:v libx264 {encrypted} DIR/l.m3u8")
    assert str(bench.out / "k.bin") in (bench.out / "l.m3u8").read_text()
