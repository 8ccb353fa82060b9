"""Counts and lists in sentences."""

from ffmate_desktop.domain.counts import counted, either


def test_only_one_is_singular() -> None:
    assert [counted(count, "task") for count in (0, 1, 2)] == ["0 tasks", "1 task", "2 tasks"]


def test_a_list_of_choices_ends_with_or() -> None:
    assert [either("a"), either("ab"), either("abc")] == ["a", "a or b", "a, b or c"]
