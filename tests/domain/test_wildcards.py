"""Wildcards mean what FFmate documents, and no value can break out of its argument."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ffmate_desktop.domain.errors import UsageError
from ffmate_desktop.domain.grammar import tokenise
from ffmate_desktop.domain.wildcards import (
    NODE_WILDCARDS,
    ClockReading,
    WildcardValues,
    example_metadata,
    expand,
    expand_path,
    expand_steps,
    wildcards_in,
)

VALUES = WildcardValues(
    input_file="/source/film.v2.mov",
    output_file="/destination/sub/film.mp4",
    clock=ClockReading(1_705_318_505_123_456_789, 3600),  # 2024-01-15 12:35:05 at UTC+1
    uuid="550e8400-e29b-41d4-a716-446655440000",
    source="api",
    os_name="linux",
    os_arch="amd64",
    ffmpeg="/usr/bin/ffmpeg",
    metadata={
        "title": "It's",
        "show": {"episodes": [{"n": 1}, {"n": 2, "title": "x"}], "a.b": "point", "0": "zero"},
        "crf": 23,
        "ratio": 1.5,
        "hdr": True,
        "none": None,
    },
)

# File names that broke FFmate or other programs; each must stay one argument.
NASTY_NAMES = [
    "plain.mov", "two words.mov", " leading.mov", "trailing .mov", "tab\there.mov", "line\nbreak.mov", "cr\rhere.mov",
    "O'Brien.mov", 'say "hi".mov', "'quoted'.mov", '"quoted".mov', "mixed'\".mov", "back\\slash.mov", "end\\",
    "\\\"'.mov", "Tom && Jerry.mov", "a&&b.mov", "a & b.mov", "pipe|here.mov", "semi;colon.mov", "in<out>.mov",
    "$HOME.mov", "$(reboot).mov", "`reboot`.mov", "%d.mov", "100%.mov", "${UUID}.mov", "${FFMPEG}",
    "${INPUT_FILE}.mov", "${NO_SUCH}.mov", "${", "#hash.mov", "*?.mov", "[a]{b}.mov", "a,b:c=d.mov",
    "non-utf8-\udcff.mov", "ünïcödé 🎬.mov", "narrow\u202fspace.mov", "-y", "--", "-i.mov", "concat:a|b",
    "a:b.mov", "12:30.mov",
]  # fmt: skip


def expanded(text: str, **changes: Any) -> str:
    return expand(text, replace(VALUES, **changes))


@pytest.mark.parametrize(
    ("wildcard", "value"),
    [
        ("INPUT_FILE", "/source/film.v2.mov"),
        ("INPUT_FILE_BASE", "film.v2.mov"),
        ("INPUT_FILE_BASENAME", "film.v2"),
        ("INPUT_FILE_EXTENSION", ".mov"),
        ("INPUT_FILE_DIR", "/source"),
        ("DATE_YEAR", "2024"),
        ("DATE_SHORTYEAR", "24"),
        ("DATE_MONTH", "01"),
        ("DATE_DAY", "15"),
        ("DATE_WEEK", "03"),
        ("TIME_HOUR", "12"),
        ("TIME_MINUTE", "35"),
        ("TIME_SECOND", "05"),
        ("TIMESTAMP_SECONDS", "1705318505"),
        ("TIMESTAMP_MILLISECONDS", "1705318505123"),
        ("TIMESTAMP_MICROSECONDS", "1705318505123456"),
        ("TIMESTAMP_NANOSECONDS", "1705318505123456789"),
        ("OS_NAME", "linux"),
        ("OS_ARCH", "amd64"),
        ("SOURCE", "api"),
        ("UUID", "550e8400-e29b-41d4-a716-446655440000"),
        ("FFMPEG", "/usr/bin/ffmpeg"),
    ],
)
def test_every_wildcard_of_ffmate_has_its_value(wildcard: str, value: str) -> None:
    assert expanded(f"a${{{wildcard}}}b") == f"a{value}b"


def test_ffmate_28_parts_of_the_output_file_come_from_the_output_file() -> None:
    names = ["", "_BASE", "_BASENAME", "_EXTENSION", "_DIR"]
    assert [expanded(f"${{OUTPUT_FILE{name}}}") for name in names] == [
        "/destination/sub/film.mp4",
        "film.mp4",
        "film",
        ".mp4",
        "/destination/sub",
    ]


def test_ffmate_28_the_input_file_is_not_quoted_in_the_output_pattern() -> None:
    assert expanded("${INPUT_FILE}.mkv", input_file="/a/it's.mov") == "/a/it's.mov.mkv"


def test_ffmate_28_the_uuid_is_the_same_in_every_field() -> None:
    command = expand_steps([["-metadata", "comment=${UUID}", "${OUTPUT_FILE}"]], VALUES)
    assert command[0][1].removeprefix("comment=") == expanded("${UUID}") == VALUES.uuid


def test_ffmate_28_metadata_cannot_add_arguments() -> None:
    values = replace(VALUES, metadata={"title": 'x" -y -f null "'})
    command = tokenise('-i ${INPUT_FILE} -metadata "title=${METADATA_title}" ${OUTPUT_FILE}')
    assert expand_steps(command, values)[0][3:5] == ['title=x" -y -f null "', VALUES.output_file]


@pytest.mark.parametrize(
    ("path", "base", "stem", "extension", "folder"),
    [
        (r"C:\films\a b.mov", "a b.mov", "a b", ".mov", r"C:\films"),
        ("C:/films/a.mov", "a.mov", "a", ".mov", "C:/films"),
        ("C:\\a.mov", "a.mov", "a", ".mov", "C:\\"),
        (r"\\nas\share\sub\a.mov", "a.mov", "a", ".mov", r"\\nas\share\sub"),
        ("/films/back\\slash.mov", "back\\slash.mov", "back\\slash", ".mov", "/films"),
        ("/a.mov", "a.mov", "a", ".mov", "/"),
        ("a.mov", "a.mov", "a", ".mov", "."),
        ("/films/.hidden", ".hidden", ".hidden", "", "/films"),
        ("/films.d/none", "none", "none", "", "/films.d"),
        ("/films/a.tar.gz", "a.tar.gz", "a.tar", ".gz", "/films"),
    ],
)
def test_paths_of_either_system_are_split_on_every_system(
    path: str, base: str, stem: str, extension: str, folder: str
) -> None:
    parts = ["_BASE", "_BASENAME", "_EXTENSION", "_DIR"]
    values = replace(VALUES, input_file=path)
    assert [expand(f"${{INPUT_FILE{part}}}", values) for part in parts] == [base, stem, extension, folder]


def test_a_clock_reading_keeps_its_time_zone() -> None:
    zone = timezone(timedelta(hours=-8))
    moment = ClockReading.of(datetime(2024, 12, 31, 23, 59, 58, 7, tzinfo=zone))
    assert moment == ClockReading(1_735_718_398_000_007_000, -8 * 3600)
    values = replace(VALUES, clock=moment)
    assert (
        expand("${DATE_YEAR} ${DATE_WEEK} ${TIME_HOUR} ${TIMESTAMP_MICROSECONDS}", values)
        == "2024 01 23 1735718398000007"
    )


def test_a_clock_reading_without_time_zone_is_an_error() -> None:
    with pytest.raises(ValueError, match="time zone"):
        ClockReading.of(datetime(2024, 1, 1))


@given(st.datetimes(min_value=datetime(1970, 1, 2), timezones=st.just(UTC)))
def test_a_clock_reading_shows_the_time_it_was_made_from(moment: datetime) -> None:
    assert ClockReading.of(moment).local() == moment


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("title", "It's"),
        ("crf", "23"),
        ("ratio", "1.5"),
        ("hdr", "true"),
        ("none", ""),
        ("show.episodes.1.title", "x"),
        ("show.episodes.#", "2"),
        ("show.episodes.#.n", "[1,2]"),
        ("show.episodes.#.title", '["x"]'),
        ("show.episodes.0", '{"n":1}'),
        (r"show.a\.b", "point"),
        ("show.0", "zero"),
    ],
)
def test_metadata_is_found_by_its_path(path: str, value: str) -> None:
    assert expanded(f"${{METADATA_{path}}}") == value


@pytest.mark.parametrize("path", ["nothing", "show.nothing", "show.episodes.2", "show.episodes.x", "title.x"])
def test_missing_metadata_is_refused_by_name(path: str) -> None:
    for put_in in (expand, expand_path):
        with pytest.raises(UsageError) as caught:
            put_in(f"a${{METADATA_{path}}}b", VALUES)
        assert caught.value.message == (
            f"${{METADATA_{path}}} has no value: the task's metadata has no “{path}”."
        )
    waits = replace(VALUES, is_complete=False)
    assert expand(f"a${{METADATA_{path}}}b", waits) == expand_path(f"a${{METADATA_{path}}}b", waits) == "ab"


@pytest.mark.parametrize(
    ("path", "metadata", "hint"),
    [
        ("titel", {"title": 1, "other": 2}, "Available: ${METADATA_title}."),
        ("show.titel", {"show": {"title": 1, "a.b": 2}}, "Available: ${METADATA_show.title}."),
        ("x", {"a": {"b.c": 1, "d": [1]}}, r"Available: ${METADATA_a.b\.c}, ${METADATA_a.d}."),
        ("x", {}, "The task has no metadata."),
        ("x", {f"k{n}": n for n in range(10)}, "and 2 more."),
    ],
)
def test_a_missing_key_is_answered_with_the_existing_keys(
    path: str, metadata: dict[str, object], hint: str
) -> None:
    with pytest.raises(UsageError) as caught:
        expand(f"${{METADATA_{path}}}", replace(VALUES, metadata=metadata))
    assert caught.value.hint.endswith(hint)


def test_example_metadata_has_a_value_for_every_wildcard() -> None:
    texts = ["${METADATA_a}", r"x/${METADATA_b.c\.d}-${METADATA_b.e.0.f}${METADATA_b.g.#}", "${INPUT_FILE}"]
    values = replace(VALUES, metadata=example_metadata(texts))
    assert [expand_path(text, values) for text in texts] == ["a", "x/c.d-f#", VALUES.input_file]


@pytest.mark.parametrize(
    ("text", "change", "why"),
    [
        ("x/${METADATA_none}.mp4", {}, "${METADATA_none} has no value: “none” in the metadata is empty."),
        ("x/${METADATA_e|slug}.mp4", {"metadata": {"e": ""}}, "${METADATA_e} has no value"),
        (
            "x/${METADATA_e}.mp4",
            {"metadata": {"e": " \t"}},
            "${METADATA_e} has no value: “e” in the metadata is empty.",
        ),
        (
            "x/a${INPUT_FILE_EXTENSION}",
            {"input_file": "/in/film"},
            "${INPUT_FILE_EXTENSION} has no value: “film” ",
        ),
        (
            "x/a${INPUT_FILE_EXTENSION}",
            {"input_file": "/in/.mov"},
            "${INPUT_FILE_EXTENSION} has no value: “.mov” ",
        ),
    ],
)
def test_an_empty_value_is_refused_only_in_a_path(text: str, change: dict[str, Any], why: str) -> None:
    values = replace(VALUES, **change)
    with pytest.raises(UsageError) as caught:
        expand_path(text, values)
    assert caught.value.message.startswith(why)
    expand(text, values)


@pytest.mark.parametrize("expanded", [expand, expand_path])
def test_a_value_that_no_file_name_can_have_is_refused(
    expanded: Callable[[str, WildcardValues], str],
) -> None:
    values = replace(VALUES, metadata={"e": "a\0b"})
    with pytest.raises(UsageError, match="null character"):
        expanded("x/${METADATA_e}.mp4", values)


@pytest.mark.parametrize("path", ["", "a.*", "sh?w", 'e.#(n=="1").title', "@reverse", "a.@this"])
def test_metadata_patterns_are_refused_and_not_read_as_keys(path: str) -> None:
    with pytest.raises(UsageError, match="isn't valid"):
        wildcards_in(f"${{METADATA_{path}}}")


@pytest.mark.parametrize(
    ("text", "nearest"),
    [
        ("${INPUT_FIEL}", "${INPUT_FILE}"),
        ("${input_file}", "${INPUT_FILE}"),
        ("${DATE_MONTHS}", "${DATE_MONTH}"),
        ("${INPUT_FILENAME}", "${INPUT_FILE_BASENAME}"),
        ("${METADATA}", "${METADATA_<path>}"),
        ("${SIDECAR}", "${SIDECAR_FILE}"),
        ("${}", "${INPUT_FILE}"),
    ],
)
def test_an_unknown_wildcard_is_refused_naming_the_nearest(text: str, nearest: str) -> None:
    for reader in (wildcards_in, expanded):
        with pytest.raises(UsageError) as caught:
            reader(text)
        assert text in caught.value.message
        assert nearest in caught.value.hint


def test_an_unknown_filter_is_refused_naming_the_nearest() -> None:
    with pytest.raises(UsageError) as caught:
        wildcards_in("${INPUT_FILE|slahs}")
    assert caught.value.message == "|slahs isn't a filter."
    assert "|slash" in caught.value.hint


@pytest.mark.parametrize(
    ("which", "changes"), [("input", {"input_file": ""}), ("output", {"output_file": ""})]
)
def test_a_wildcard_for_a_file_the_task_does_not_have_is_refused(which: str, changes: dict[str, str]) -> None:
    with pytest.raises(UsageError, match=f"the task has no {which} file"):
        expanded(f"${{{which.upper()}_FILE_BASE}}", **changes)


def test_the_wildcard_names_in_a_text_are_listed() -> None:
    text = "${INPUT_FILE|slash}-${METADATA_a.b|slug}-${UUID}-${UUID}-$X-${"
    assert wildcards_in(text) == {"INPUT_FILE", "METADATA_a.b", "UUID"}
    assert wildcards_in("${OS_NAME}${OS_ARCH}${FFMPEG}") == NODE_WILDCARDS


@pytest.mark.parametrize("name", NASTY_NAMES)
def test_a_nasty_name_stays_one_argument(name: str) -> None:
    values = replace(VALUES, input_file=name, output_file=f"/out/{name}", metadata={"m": name})
    command = '-i ${INPUT_FILE} -metadata "title=${METADATA_m}" x-${INPUT_FILE} ${OUTPUT_FILE}'
    [[_, read, _, title, inside, written]] = expand_steps(tokenise(command), values)
    assert read in {name, f"file:{name}"}
    assert (title, inside, written) == (f"title={name}", f"x-{name}", f"/out/{name}")


def test_a_value_is_not_expanded_again() -> None:
    assert expanded("${INPUT_FILE}", input_file="${UUID}.mov") == "${UUID}.mov"
    assert expanded("${METADATA_m}", metadata={"m": "${FFMPEG}"}) == "${FFMPEG}"
    assert expanded("${INPUT_FILE}{UUID}", input_file="$") == "${UUID}"


@pytest.mark.parametrize(
    "name", ["-y", "-i.mov", "--", "-", "concat:a|b", "a:b.mov", "12:30.mov", "c:relative.mov"]
)
def test_a_name_that_ffmpeg_would_misread_is_marked_as_a_file(name: str) -> None:
    values = replace(VALUES, input_file=name)
    assert expand_steps([["${INPUT_FILE}"]], values) == [[f"file:{name}"]]
    assert expand("${INPUT_FILE}", values) == name


@pytest.mark.parametrize(
    "name",
    [
        "/a/b:c.mov",
        "C:\\a.mov",
        "C:/a.mov",
        "\\\\nas\\a",
        "a/b:c",
        "http://host/a",
        "file:a.mov",
        "plain.mov",
    ],
)
def test_a_name_that_ffmpeg_reads_correctly_is_left_alone(name: str) -> None:
    assert expand_steps([["${INPUT_FILE}"]], replace(VALUES, input_file=name)) == [[name]]


def test_only_file_wildcards_at_the_beginning_are_marked() -> None:
    values = replace(VALUES, input_file="/a/-x.mov", metadata={"map": "-0:1"})
    tokens = ["${INPUT_FILE_BASENAME}.mp4", "a${INPUT_FILE_BASE}", "${METADATA_map}"]
    assert expand_steps([tokens], values) == [["file:-x.mp4", "a-x.mov", "-0:1"]]


def test_filters_of_values_chain_from_left_to_right() -> None:
    values = replace(VALUES, input_file=r"C:\it's 100%.mov")
    assert expand("${INPUT_FILE|slash}", values) == "C:/it's 100%.mov"
    assert expand("${INPUT_FILE|pct|slash}", values) == "C:/it's 100%%.mov"
    assert expand("${INPUT_FILE|slash|filter}", values) == r"C\\:/it\\\'s 100%.mov"


@pytest.mark.parametrize(
    ("value", "slug"),
    [
        ("It's a film.mov", "It-s-a-film.mov"),
        ("../../etc/passwd", "etc-passwd"),
        ("Ünïcödé 映画", "Ünïcödé-映画"),
        ("a\udcff:b", "a-b"),
        ("nul.mov", "nul.mov_"),
        ("CON", "CON_"),
        ("...", "_"),
        ("", "_"),
        ("e\u0301", "\u00e9"),
    ],
)
def test_a_slug_is_a_safe_part_of_a_file_name(value: str, slug: str) -> None:
    assert expanded("${METADATA_m|slug}", metadata={"m": value}) == slug


@given(st.text(st.characters(categories=["L", "N", "P", "Z", "S", "C"])))
def test_a_slug_contains_nothing_that_a_file_system_refuses(value: str) -> None:
    slug = expanded("${METADATA_m|slug}", metadata={"m": value})
    assert 0 < len(slug.encode()) <= 121
    assert not set(slug) & set('/\\:*?"<>|\n\0 ')
    assert not slug.startswith((".", "-"))
    assert not slug.endswith(".")
