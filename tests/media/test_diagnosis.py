"""Failures of the real ffmpeg end in one plain sentence with a next step."""

import http.server
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from ffmate_desktop.media.diagnosis import Diagnosis, RetryAdvice, diagnose, relevant
from ffmate_desktop.media.diagnosis_rules import RULES, Rule
from ffmate_desktop.media.log_capture import LogCapture
from tests.media import clips

HIDDEN = ".ffd-0190a1b2c3d4-1-00abcd-"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clips")
    film = clips.clip(folder / "film.mp4", seconds=1)
    clips.cut_off(film, folder / "cut.mp4", 0.5)
    (folder / "text.mp4").write_text("no film")
    (folder / "list.txt").write_text(f"file '{film}'\n")
    (folder / "sub").mkdir()
    name = ("-metadata:s:t", "mimetype=text/plain", "-metadata:s:t", "filename=/etc/../evil")
    clips.ffmpeg("-i", film, "-c", "copy", "-attach", folder / "list.txt", *name, folder / "evil.mkv")
    return folder


def provoke(folder: Path, command: str) -> Diagnosis:
    words = ["" if w == "=" else f"{HIDDEN}{w[1:]}" if w[0] == "@" else w for w in command.split()]
    code, lines = clips.run(*words, cwd=folder)
    assert code != 0
    return diagnose(lines, code)


# `@` is the hidden prefix of a temporary name, `=` is an empty argument
PROVOKED = [
    ("-i none.mp4 @o.mp4", "“none.mp4” doesn't exist on this node.", RetryAdvice.OTHER_NODE),
    ("-i text.mp4 @o.mp4", "“text.mp4” isn't a media file, or it is damaged.", RetryAdvice.NO),
    ("-i cut.mp4 @o.mp4", "“cut.mp4” is incomplete: its index (moov) is missing.", RetryAdvice.NO),
    ("-i sub @o.mp4", "“sub” is a folder.", RetryAdvice.NO),
    ("-i film.mp4 nodir/o.mp4", "The folder for “o.mp4” doesn't exist.", RetryAdvice.OTHER_NODE),
    ("-i film.mp4 -c:v nosuch @o.mp4", "This node's ffmpeg has no encoder “nosuch”.", RetryAdvice.OTHER_NODE),
    ("-c:v nosuch -i film.mp4 @o.mp4", "This node's ffmpeg has no decoder “nosuch”.", RetryAdvice.OTHER_NODE),
    ("-i film.mp4 -vf nosuch @o.mp4", "This node's ffmpeg has no filter “nosuch”.", RetryAdvice.OTHER_NODE),
    ("-i film.mp4 -c copy -bsf:v nosuch @o.mp4", "The bitstream filter “nosuch” can't be used.",
     RetryAdvice.OTHER_NODE),
    ("-i film.mp4 -nosuch 3 @o.mp4", "ffmpeg doesn't know the option -nosuch.", RetryAdvice.NO),
    ("-i film.mp4 -t abc @o.mp4", "“abc” isn't a valid time for the option -t.", RetryAdvice.NO),
    ("-i film.mp4", "The command has no output file.", RetryAdvice.NO),
    ("-f nosuch -i film.mp4 @o.mp4", "ffmpeg doesn't know the input format “nosuch”.", RetryAdvice.NO),
    ("-i film.mp4 -f nosuch @o.mp4", "ffmpeg doesn't know the output format “nosuch”.", RetryAdvice.NO),
    ("-i film.mp4 @o.strange", "ffmpeg can't tell the format of “o.strange” from its name.", RetryAdvice.NO),
    ("-i film.mp4 -c copy -vf hflip @o.mp4", "The filter “hflip” can't be applied to a copied stream.",
     RetryAdvice.NO),
    ("-i film.mp4 -map 0:s @o.mp4", "The input has no stream “0:s”, but -map selects it.",
     RetryAdvice.NO),
    ("-i film.mp4 -map [x] @o.mp4", "No filter has an output named [x].", RetryAdvice.NO),
    ("-i film.mp4 -an -vn @o.mp4", "The output would be empty: none of the input's streams are used.",
     RetryAdvice.NO),
    ("-i film.mp4 -filter_complex [0:v][1:v]overlay @o.mp4",
     "The command refers to input 1, which doesn't exist.", RetryAdvice.NO),
    ("-i film.mp4 -vf scale=w=10:nope=3 @o.mp4",
     "The filter “scale” doesn't accept “nope” (Option not found).", RetryAdvice.NO),
    ("-i film.mp4 -vf scale=10:10[ @o.mp4",
     "The filter “[” has a syntax error.", RetryAdvice.NO),
    ("-i film.mp4 -vf scale=iw/3:ih/0 @o.mp4",
     "A filter produces a picture of an invalid size (53x0).", RetryAdvice.NO),
    ("-i film.mp4 -vf subtitles=none.srt @o.mp4",
     "The subtitle file “none.srt” can't be opened.", RetryAdvice.OTHER_NODE),
    ("-i film.mp4 -vf scale=159:119 -c:v libx264 @o.mp4",
     "The picture is 159x119 pixels, but the encoder needs even numbers.", RetryAdvice.NO),
    ("-i film.mp4 -c:v libx264 -preset nope @o.mp4", "The encoder has no preset “nope”.", RetryAdvice.NO),
    ("-i film.mp4 -c:v libx264 -profile:v baseline -pix_fmt yuv444p @o.mp4",
     "The encoder can't use the profile baseline for these pictures.", RetryAdvice.NO),
    ("-i film.mp4 -c:v libx264 -crf abc @o.mp4", "“abc” isn't a valid value for -crf.", RetryAdvice.NO),
    ("-i film.mp4 -c:v libsvtav1 -preset 99 @o.mp4",
     "99.000000 is out of range for -preset: [-2 - 13].", RetryAdvice.NO),
    ("-i film.mp4 -pix_fmt nope @o.mp4", "The pixel format “nope” isn't supported here.", RetryAdvice.NO),
    ("-i film.mp4 -s abc @o.mp4", "“abc” isn't a valid picture size.", RetryAdvice.NO),
    ("-i film.mp4 -vn -c:a libmp3lame -ar 3000 @o.mp3",
     "The encoder libmp3lame doesn't support the sample rate 3000.", RetryAdvice.NO),
    ("-i film.mp4 -c:v libx264 @o.webm", "The output format doesn't support one of the codecs.", RetryAdvice.NO),
    ("-i film.mp4 -c:v libvpx -deadline realtime @o.mp4", "The output format doesn't support vp8.",
     RetryAdvice.NO),
    ("-i film.mp4 -map 0 -f tee -c:v libx264 -c:a aac [f=mp4]@o.mp4|[f=matroska]@o.mkv",
     "ffmpeg can't start the output with these codecs and settings.", RetryAdvice.NO),
    ("-i film.mp4 @o.png", "The output is a single picture, but the command makes several.", RetryAdvice.NO),
    ("-i film.mp4 -c:v libx264 -pass 2 -passlogfile none @o.mp4", "The second pass failed.", RetryAdvice.NO),
    ("-f concat -i list.txt -c copy @o.mp4",
     "The list contains “{folder}/film.mp4”, which is outside the list's folder.", RetryAdvice.NO),
    ("-i http://127.0.0.1:9/x.mp4 @o.mp4",
     "The server for “http://127.0.0.1:9/x.mp4” isn't answering (connection refused).", RetryAdvice.LATER),
    ("-i http://no.invalid/x.mp4 @o.mp4", "The host “no.invalid” can't be found.", RetryAdvice.LATER),
    ("-i film.mp4 -c copy -f mpegts dtls:127.0.0.1:9",
     "The server for “dtls:127.0.0.1:9” isn't answering (connection refused).", RetryAdvice.LATER),
    ("-i film.mp4 -c copy -f mpegts http://127.0.0.1:9/x.ts",
     "The server for “http://127.0.0.1:9/x.ts” isn't answering (connection refused).", RetryAdvice.LATER),
    ("-i film.mp4 -c copy -f rtsp rtsp://127.0.0.1:9/x",
     "The server for the output isn't answering (connection refused).", RetryAdvice.LATER),
    ("-i film.mp4 -c copy -f mpegts udp://no.invalid:9", "The host “no.invalid” can't be found.",
     RetryAdvice.LATER),
    ("-i film.mp4 -protocol_whitelist file -c copy -f mpegts tcp://127.0.0.1:9",
     "The output needs the protocol “tcp”, which the command doesn't allow.", RetryAdvice.NO),
    ("-protocol_whitelist file -i http://127.0.0.1:9/x @o.mp4",
     "The input needs the protocol “http”, which isn't allowed.", RetryAdvice.NO),
    ("-dump_attachment:t = -i evil.mkv -f null -",
     "ffmpeg refuses to save an attachment as “/etc/../evil”, the name stored in the input.", RetryAdvice.NO),
    ("-dump_attachment:t:0 nodir/x -i evil.mkv -f null -",
     "“nodir/x”, an extra file that the command writes, can't be written.", RetryAdvice.OTHER_NODE),
    ("-i film.mp4 -c:v libx264 -stats_enc_post nodir/x -f null -",
     "“nodir/x”, an extra file that the command writes, can't be written.", RetryAdvice.OTHER_NODE),
    ("-i film.mp4 -pass 1 -passlogfile nodir/x -c:v libvpx -b:v 9k -an -f null -",
     "“nodir/x-0.log”, an extra file that the command writes, can't be written.",
     RetryAdvice.OTHER_NODE),
    ("-i film.mp4 -vstats_file nodir/x -c:v mpeg4 -f null -",
     "The file named by -vstats_file can't be written.", RetryAdvice.OTHER_NODE),
    ("-i film.mp4 -attach none.ttf -c copy @o.mkv", "The attachment “none.ttf” can't be opened.",
     RetryAdvice.OTHER_NODE),
    ("-i film.mp4 -/vf none.txt -f null -", "The option -vf reads “none.txt”, which can't be opened.",
     RetryAdvice.OTHER_NODE),
    ("-i film.mp4 -vf lut3d=none.cube @o.mp4", "The filter “lut3d” can't open “none.cube”.", RetryAdvice.OTHER_NODE),
    ("-i film.mp4 -vf movie=none.png[a];[in][a]overlay @o.mp4", "The filter “movie” can't open “none.png”.",
     RetryAdvice.OTHER_NODE),
    ("-i film.mp4 -vf ssim=stats_file=nodir/x -f null -", "The filter “ssim” can't open “nodir/x”.",
     RetryAdvice.OTHER_NODE),
    ("-i nosuch:x @o.mp4", "This node's ffmpeg doesn't support this kind of address.", RetryAdvice.OTHER_NODE),
]  # fmt: skip


@pytest.mark.ffmpeg
@pytest.mark.parametrize(("command", "sentence", "retry"), PROVOKED)
def test_a_provoked_failure_is_explained(
    folder: Path, command: str, sentence: str, retry: RetryAdvice
) -> None:
    diagnosis = provoke(folder, command)
    assert diagnosis.sentence == sentence.format(folder=folder), diagnosis
    assert diagnosis.retry is retry
    assert diagnosis.hint
    assert 1 <= len(diagnosis.lines) <= 5
    assert not any(".ffd-" in line or " @ 0x" in line or "[error]" in line for line in diagnosis.lines)


@pytest.mark.ffmpeg
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux has /dev/full")
@pytest.mark.parametrize("format_name", ["mp4", "matroska", "mpegts"])
def test_a_full_disk_is_explained(folder: Path, format_name: str) -> None:
    diagnosis = provoke(folder, f"-i film.mp4 -c copy -f {format_name} /dev/full")
    assert (diagnosis.sentence, diagnosis.retry) == ("The disk is full.", RetryAdvice.LATER)


@pytest.mark.ffmpeg
@pytest.mark.skipif(
    not sys.platform.startswith("linux"),
    reason="other systems may have the drivers that must be missing here",
)
@pytest.mark.parametrize(
    ("command", "hardware"),
    [
        ("-i film.mp4 -c:v h264_nvenc @o.mp4", "NVIDIA"),
        ("-hwaccel cuda -hwaccel_output_format cuda -i film.mp4 @o.mp4", "NVIDIA"),
        ("-i film.mp4 -c:v hevc_qsv @o.mp4", "Intel Quick Sync"),
        ("-i film.mp4 -c:v h264_amf @o.mp4", "AMD"),
        ("-vaapi_device /dev/dri/none -i film.mp4 -vf hwupload -c:v h264_vaapi @o.mp4", "VAAPI"),
    ],
)
def test_missing_hardware_is_for_another_node(folder: Path, command: str, hardware: str) -> None:
    if Path("/dev/dri").exists() or Path("/dev/nvidiactl").exists():
        pytest.skip("this computer has such hardware")
    diagnosis = provoke(folder, command)
    sentence = diagnosis.sentence
    assert sentence.startswith("This computer can't use")
    assert hardware in sentence or sentence.endswith("is missing.")  # a bare system lacks even libX11
    assert diagnosis.retry is RetryAdvice.OTHER_NODE


@pytest.mark.ffmpeg
@pytest.mark.parametrize(
    ("status", "retry", "words"),
    [(404, RetryAdvice.NO, "The server refused"), (503, RetryAdvice.LATER, "reported an error")],
)
def test_a_server_refusal_differs_from_a_server_error(
    folder: Path, status: int, retry: RetryAdvice, words: str
) -> None:
    class Refusal(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_error(status)

        def log_message(self, *_: object) -> None:
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Refusal) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        diagnosis = provoke(folder, f"-i http://127.0.0.1:{server.server_port}/x.mp4 @o.mp4")
        server.shutdown()
        thread.join()
    assert words in diagnosis.sentence and diagnosis.retry is retry


@pytest.mark.ffmpeg
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no POSIX signals")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_signal_is_explained(folder: Path, number: signal.Signals) -> None:
    options = [
        "-nostdin",
        "-loglevel",
        "level+info",
        "-re",
        "-f",
        "lavfi",
        "-i",
        "testsrc",
        "-f",
        "null",
        "-",
    ]
    process = subprocess.Popen([clips.FFMPEG, *options], stderr=subprocess.PIPE)
    assert process.stderr is not None
    lines = []
    for raw in process.stderr:
        lines.append(raw.decode())
        if b"Output #0" in raw:
            process.send_signal(number)
    process.stderr.close()
    diagnosis = diagnose(lines, process.wait())
    assert diagnosis.retry is RetryAdvice.RETRY
    expected = (
        "Something outside FFmate Desktop stopped ffmpeg"
        if number is signal.SIGTERM
        else "ffmpeg was killed, probably"
    )
    assert diagnosis.sentence.startswith(expected)


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("[error] none.mp4: No such file or directory", "“none.mp4” doesn't exist on this node."),
        (f"[error] /out/{HIDDEN}o.mp4: No such file or directory",
         "The folder for “o.mp4” doesn't exist."),
        ("[error] a.mp4: Invalid data found when processing input", "“a.mp4” isn't a media file, or it is damaged."),
        ("[fatal] Invalid duration specification for t: abc", "“abc” isn't a valid time for the option -t."),
        ("[libmp3lame @ 0x55] [error] Specified sample rate 3000 is not supported",
         "The encoder doesn't support the sample rate 3000."),
        ("[error] Error writing trailer of o.m3u8: Invalid data found when processing input",
         "ffmpeg couldn't finish writing the output."),
        ("[fatal] Stream map '0:5' matches no streams.", "The input has no stream “0:5”, but -map selects it."),
        ("[hevc_qsv @ 0x55] [error] Error initializing an internal MFX session: unsupported (-3)",
         "This computer can't use Intel Quick Sync hardware."),
        ("[error] Output file #0 does not contain any stream",
         "The output would be empty: none of the input's streams are used."),
        ("[error] Error writing trailer of o.mkv: No space left on device", "The disk is full."),
        ("[Parsed_scale_0 @ 0x55] [error] Option 'nope' not found", "The filter “scale” has no option “nope”."),
        ("[NULL @ 0x55] [error] Unable to find a suitable output format for 'o.x'",
         "ffmpeg can't tell the format of “o.x” from its name."),
        ("[h264_nvenc @ 0x55] [error] OpenEncodeSessionEx failed: out of memory (10): (no details)",
         "The graphics card can't run any more encodes at once."),
        ("[error] Error opening output /o/x.mp4: Permission denied",
         "This node's user isn't allowed to write the output."),
    ],
)  # fmt: skip
def test_messages_of_other_ffmpeg_versions_are_explained(line: str, sentence: str) -> None:
    assert diagnose([line], 1).sentence == sentence


@pytest.mark.parametrize(
    ("code", "words", "retry"),
    [
        (228, "The disk is full", RetryAdvice.LATER),
        (254, "doesn't exist", RetryAdvice.OTHER_NODE),
        (243, "isn't allowed to use", RetryAdvice.OTHER_NODE),
        (183, "damaged", RetryAdvice.NO),
        (8, "lacks something", RetryAdvice.OTHER_NODE),
        (69, "couldn't be decoded", RetryAdvice.NO),
        (4294967268, "The disk is full", RetryAdvice.LATER),  # Windows shows all 32 bits
        (3221225477, "ffmpeg crashed", RetryAdvice.OTHER_NODE),
        (-11, "ffmpeg crashed", RetryAdvice.OTHER_NODE),
        (-9, "ran out of memory", RetryAdvice.RETRY),
        (77, "exit code 77", RetryAdvice.RETRY),
        (None, "without an exit code", RetryAdvice.RETRY),
    ],
)
def test_without_text_the_code_decides(code: int | None, words: str, retry: RetryAdvice) -> None:
    diagnosis = diagnose(["[info] Output #0, mp4, to 'No space left on device.mp4':"], code)
    assert words in diagnosis.sentence and diagnosis.retry is retry and diagnosis.lines == ()


def test_an_unknown_failure_shows_its_last_lines() -> None:
    diagnosis = diagnose(
        ["[info] Input #0", "[strange @ 0x5] [error] The moon is full", "[error] Conversion failed!"], 1
    )
    assert diagnosis.sentence == "ffmpeg ended with exit code 1: [strange] The moon is full"
    assert diagnosis.lines == ("[strange] The moon is full",)


def test_titles_and_file_names_are_not_messages() -> None:
    lines = ["[info]     title           : Unknown encoder 'x': No space left on device", "[error] Frozen"]
    assert relevant(lines) == ["Frozen"]
    assert diagnose(lines, 1).lines == ("Frozen",)


def test_multi_line_tags_are_not_messages(folder: Path) -> None:
    tag = "comment=Talk:\nNo space left on device\nreceived signal 15"
    clips.ffmpeg("-i", folder / "film.mp4", "-c", "copy", "-metadata", tag, folder / "talk.mkv")
    _, lines = clips.run("-i", folder / "talk.mkv", "-f", "null", "-")
    assert any(line.endswith(": received signal 15") for line in lines)
    assert relevant(lines) == []


def test_our_own_notes_are_not_messages() -> None:
    log = LogCapture()
    log.note("$ ffmpeg -i 'No space left on device.mp4'")
    log.feed(b"[error] Conversion failed!\n")
    assert relevant(log.lines()) == ["Conversion failed!"]


@pytest.mark.parametrize("rule", RULES, ids=[rule.pattern[:40] for rule in RULES])
def test_a_rule_only_uses_groups_of_its_pattern(rule: Rule) -> None:
    names = dict.fromkeys([*re.compile(rule.pattern).groupindex, "input", "output", "remote"], "x")
    assert rule.sentence.format_map(names).endswith((".", ")."))
    assert rule.hint.format_map(names)


def test_a_library_missing_at_first_use_is_named() -> None:
    lines = [
        "implib-gen: libX11.so.6: failed to load library 'libX11.so.6' via dlopen: libX11.so.6: cannot open shared "
        "object file: No such file or directory",
        """ffmpeg: libX11.so.6.init.c:122: load_library: Assertion `0 && "Assertion in generated code"' failed.""",
    ]
    diagnosis = diagnose(lines, -6)
    assert diagnosis.sentence.endswith("needs: libX11.so.6 is missing.")
    assert diagnosis.retry is RetryAdvice.OTHER_NODE
