"""The commands to nodes: what they write, and what they say."""

import json
from typing import Any

import pytest

from tests.db.cluster import joined
from tests.end_to_end.clerk import Clerk

pytestmark = pytest.mark.db


async def test_nodes_are_paused_resumed_and_given_slots(database_uri: str, clerk: Clerk) -> None:
    def ask(*arguments: str) -> tuple[int, str, str]:
        return clerk.ask("--database", database_uri, "nodes", *arguments)

    def seen() -> dict[str, tuple[bool, int, str]]:
        nodes: list[dict[str, Any]] = json.loads(ask("list", "--json")[1])
        return {node["identifier"]: (node["paused"], node["slots"], node["state"]) for node in nodes}

    assert ask("pause", "--all") == (0, "No running node needs this.\n", "")
    async with joined(database_uri, identifier="a"), joined(database_uri, identifier="b"):
        assert ask("pause", "a") == (0, "a claims no tasks until you resume it.\n", "")
        assert seen() == {"a": (True, 3, "online"), "b": (False, 3, "online")}
        assert "online, paused" in ask("list")[1]
        code, out, _ = ask("slots", "a", "7", "--json")
        assert (code, json.loads(out)["slots"]) == (0, 7)
        assert ask("slots", "a") == (0, "7\n", "")
        assert ask("slots", "--all", "1")[1].splitlines() == [
            f"{name} runs up to 1 task at once." for name in "ab"
        ]
        assert ask("drain", "b")[0] == 0
        assert ask("pause", "a", "b")[0] == 0
        assert ask("resume", "--all") == (0, "a claims tasks again.\n", "")  # b was sent home
        assert seen() == {"a": (False, 1, "online"), "b": (True, 1, "draining")}
        assert ask("resume", "b")[0] == 0
        assert seen()["b"] == (False, 1, "online")
        code, out, err = ask("pause", "a", "c")
        assert (code, out) == (1, "a claims no tasks until you resume it.\n")
        assert err.startswith("ffmate-desktop: No node named “c” is online.")


WRONG = (
    (["pause"], "Name one or more nodes, or use --all."),
    (["resume", "a", "--all"], "Name one or more nodes, or use --all."),
    (["slots"], "Name a node and a number of slots"),
    (["slots", "a", "b", "3"], "This command doesn't take “3”."),
    (["slots", "a", "3", "--all"], "Name a node and a number of slots"),
    (["slots", "--all"], "Name a node and a number of slots"),
    (["slots", "a", "many"], "“many” isn't a number of slots."),
    (["slots", "a", "-1"], "There is no option -1."),
    (["slots", "a", "1001"], "A node can have 0 to 1000 slots."),
    (["slots", "a", "9999999999999"], "“9999999999999” isn't a number of slots."),
)


def test_wrong_use(database_uri: str, clerk: Clerk) -> None:
    for arguments, sentence in WRONG:
        code, out, err = clerk.ask("--database", database_uri, "nodes", *arguments)
        assert (code, out, err.count("\n")) == (2, "", 1)
        assert err.startswith(f"ffmate-desktop: {sentence}")
