"""Commands are split the same way on every system, and nothing in them is lost silently."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ffmate_desktop.domain.errors import UsageError
from ffmate_desktop.domain.grammar import format_command, quote_argument, tokenise

# Everything that has a meaning in the grammar, often enough to meet itself.
NASTY_TEXT = st.text(st.sampled_from("\"'\\&|<>;$ {}ab\t\n\r\udcff") | st.characters())


def words(command: str) -> list[str]:
    [step] = tokenise(command)
    return step


def refusal(command: str) -> UsageError:
    with pytest.raises(UsageError) as caught:
        tokenise(command)
    return caught.value


def test_blanks_separate_words() -> None:
    assert words("  -i  a.mov\t-c\ncopy\r\nb.mp4 ") == ["-i", "a.mov", "-c", "copy", "b.mp4"]


def test_only_ascii_blanks_separate_words() -> None:
    assert words("Screen\u202f10.00\u202fPM.mov a\u00a0b") == ["Screen\u202f10.00\u202fPM.mov", "a\u00a0b"]


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ('"a b"', ["a b"]),
        ("'a b'", ["a b"]),
        ("a' 'b\" \"c", ["a b c"]),
        ("\"it's\" '5\"'", ["it's", '5"']),
        ('title="a\nb"', ["title=a\nb"]),
    ],
)
def test_quotes_group_words(command: str, expected: list[str]) -> None:
    assert words(command) == expected


def test_empty_arguments_are_kept() -> None:
    assert words("-metadata '' \"\" x") == ["-metadata", "", "", "x"]


@pytest.mark.parametrize(
    "path", [r"C:\films\a.mov", r"\\nas\share\a.mov", r"C:\new\table", r"scale=1\,2", "C:\\"]
)
def test_a_backslash_is_an_ordinary_character(path: str) -> None:
    assert words(f"-i {path}") == ["-i", path]


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (r"a\ b", ["a b"]),
        (r"\"a\"", ['"a"']),
        (r"O\'Brien", ["O'Brien"]),
        (r'"say \"hi\""', ['say "hi"']),
        (r"'O\'Brien'", ["O'Brien"]),
    ],
)
def test_a_backslash_escapes_a_quote_or_a_blank(command: str, expected: list[str]) -> None:
    assert words(command) == expected


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (r'"C:\my films\\" x', ["C:\\my films\\", "x"]),
        (r"C:\\ x", ["C:\\", "x"]),
        (r'"a\\\"b"', ['a\\"b']),
        (r"\\nas\\x", [r"\\nas\\x"]),
    ],
)
def test_backslashes_count_in_pairs_only_before_a_quote_or_a_blank(command: str, expected: list[str]) -> None:
    assert words(command) == expected


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_backslash_at_the_end_of_a_line_continues_the_command(end: str) -> None:
    assert words(f"ffmpeg -i a.mov \\{end}  -c copy\\{end}b.mp4") == [
        "ffmpeg",
        "-i",
        "a.mov",
        "-c",
        "copy",
        "b.mp4",
    ]


@pytest.mark.parametrize("command", ["-i a && -i b", "-i a&&-i b", "-i a\n&&\n-i b"])
def test_a_bare_double_ampersand_separates_steps(command: str) -> None:
    assert tokenise(command) == [["-i", "a"], ["-i", "b"]]


def test_ffmate_5_both_steps_of_a_two_pass_encode_are_whole() -> None:
    first, second = tokenise(
        "-y -i ${INPUT_FILE} -c:v libx264 -b:v 1M -pass 1 -f null - && "
        "ffmpeg -y -i ${INPUT_FILE} -c:v libx264 -b:v 1M -pass 2 ${OUTPUT_FILE}"
    )
    assert first == [
        "-y",
        "-i",
        "${INPUT_FILE}",
        "-c:v",
        "libx264",
        "-b:v",
        "1M",
        "-pass",
        "1",
        "-f",
        "null",
        "-",
    ]
    assert second[:3] == ["ffmpeg", "-y", "-i"]
    assert second[-3:] == ["-pass", "2", "${OUTPUT_FILE}"]


def test_ffmate_6_a_double_ampersand_in_quotes_separates_nothing() -> None:
    assert words("-i 'Tom && Jerry.mov' \"a&&b\"") == ["-i", "Tom && Jerry.mov", "a&&b"]


@pytest.mark.parametrize("mark", ["|", "<", ">", ";", "&"])
def test_ffmate_an_unquoted_shell_operator_is_refused_instead_of_cutting_the_command_off(mark: str) -> None:
    for command in (f"-i a {mark} b", f"-i a{mark}b out.mp4", f"-i a {mark}b"):
        error = refusal(command)
        assert error.message.startswith(f"The {mark} in “")
        assert f"(character {command.index(mark) + 1})" in error.message
        assert "quotes" in error.hint
    assert words(f"'a{mark}b' \"{mark}\"") == [f"a{mark}b", mark]


def test_the_refusal_names_the_word_and_the_remedy() -> None:
    graph = "[0:v]split[a][b];[a]scale=320:-1[c]"
    error = refusal(f"-i a.mov -filter_complex {graph} out.mp4")
    assert f"“{graph}”" in error.message
    assert "put the whole argument in quotes" in error.hint
    assert words(f'-filter_complex "{graph}"')[1] == graph


def test_a_long_word_is_shortened_in_the_refusal() -> None:
    assert len(refusal(f"{'x' * 500};").message) < 250


@pytest.mark.parametrize(
    "argument",
    [
        "[f=mp4]a.mp4|[f=mpegts]b.ts",
        "select='if(gt(t,2),1,0)'",
        "select=gt(t\\,2)*lt(t\\,4)",
        "[0:v]split[a][b];[a]null",
    ],
)
def test_filter_graphs_expressions_and_tees_survive_in_quotes(argument: str) -> None:
    assert words(f'-x "{argument}"') == ["-x", argument]


@pytest.mark.parametrize(
    ("command", "character"), [('-i "a b', 4), ("-i it's.mov", 6), ('-i "C:\\dir\\" -c copy', 4)]
)
def test_an_unclosed_quote_is_refused_with_its_position(command: str, character: int) -> None:
    assert f"at character {character} is never closed" in refusal(command).message


def test_a_backslash_before_a_closing_quote_is_explained() -> None:
    assert "Double a backslash" in refusal('-i "C:\\dir\\" -c copy').hint
    assert "twice" not in refusal('-i "C:\\dir').hint


@pytest.mark.parametrize("command", ["", "  \n "])
def test_an_empty_command_is_refused(command: str) -> None:
    assert refusal(command).message == "The command is empty."


@pytest.mark.parametrize(("command", "step"), [("&& -i a", 1), ("-i a &&", 2), ("-i a && && -i b", 2)])
def test_an_empty_step_is_refused(command: str, step: int) -> None:
    assert refusal(command).message.startswith(f"Step {step} of the command is empty")


@pytest.mark.parametrize(
    "wildcard", ["${INPUT_FILE|slash|filter}", "${METADATA_a\\.b.#.c}", "x${UUID|slug}.mp4"]
)
def test_wildcards_are_left_as_they_are(wildcard: str) -> None:
    assert words(f"-x {wildcard} y") == ["-x", wildcard, "y"]


def test_something_that_only_begins_like_a_wildcard_hides_nothing() -> None:
    assert words("a${b c}d $ ${") == ["a${b", "c}d", "$", "${"]
    assert "The | in" in refusal("${a | b}").message


def test_quoting_is_used_only_where_it_is_needed() -> None:
    assert quote_argument("${INPUT_FILE|slash}") == "${INPUT_FILE|slash}"
    assert quote_argument("C:\\films\\a.mov") == "C:\\films\\a.mov"
    assert quote_argument("my film.mov") == '"my film.mov"'
    assert quote_argument("") == '""'


@given(st.lists(st.lists(NASTY_TEXT, min_size=1, max_size=4), min_size=1, max_size=3))
def test_joined_steps_read_back_as_they_were(steps: list[list[str]]) -> None:
    assert tokenise(format_command(steps)) == steps


@given(NASTY_TEXT)
def test_any_text_is_read_or_refused_with_a_sentence(command: str) -> None:
    try:
        steps = tokenise(command)
    except UsageError as error:
        assert error.message.endswith(".") or "two steps." in error.message
        assert error.hint
    else:
        assert tokenise(format_command(steps)) == steps
