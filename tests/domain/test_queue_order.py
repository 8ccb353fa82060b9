"""Moving within the queue: tasks that weren't moved keep their order."""

from hypothesis import given
from hypothesis import strategies as st

from ffmate_desktop.domain.queue_order import compacted, raised


def test_moved_tasks_keep_their_order() -> None:
    assert compacted([5, 0, 5, 2], 10) == {0: 10, 2: 11, 5: 12}


def test_only_priorities_in_the_way_rise() -> None:
    assert raised([("a", 0), ("b", 0), ("c", 1), ("d", 5)], 1) == {"a": 1, "b": 1, "c": 2}
    assert raised([("a", 3)], 1) == {}


@given(st.lists(st.integers(0, 20)), st.integers(0, 10))
def test_raising_makes_room_and_keeps_the_order(priorities: list[int], lowest: int) -> None:
    others = sorted(enumerate(priorities), key=lambda pair: pair[1])
    risen = raised(others, lowest)
    after = [risen.get(name, priority) for name, priority in others]
    assert all(priority >= lowest for priority in after)
    assert all(risen[name] > priority for name, priority in others if name in risen)
    for (_, one), (_, two), new_one, new_two in zip(others, others[1:], after, after[1:], strict=False):
        assert (new_one < new_two) == (one < two)
