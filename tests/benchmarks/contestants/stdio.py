"""How a contestant's process talks with the benchmark: one JSON value a line, on stdin and stdout."""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Protocol

COMMAND = "-i ${INPUT_FILE} -c:v libx264 -crf 22 -c:a aac -b:a 160k ${OUTPUT_FILE}"


def job(number: int) -> dict[str, Any]:
    """What a worker needs to know, the same for every contestant: about 500 bytes of JSON."""
    path = f"/storage/films/a film of some length {number}"
    return {
        "command": COMMAND,
        "tokens": [COMMAND.split()],
        "input": f"{path}.mov",
        "outputPattern": "${INPUT_FILE_DIR}/${INPUT_FILE_BASENAME}.mp4",
        "output": f"{path}.mp4",
        "ifExists": "rename",
        "clockNs": 1_700_000_000_000_000_000 + number,
        "utcOffset": 0,
        "source": "benchmark",
        "metadata": {"number": number},
    }


class Contestant(Protocol):
    """A queue of jobs that are done as soon as they are claimed and read. Jobs carry a number."""

    async def set_up(self, uri: str) -> None:
        """Make the tables."""

    async def work(self, uri: str, name: str, started: dict[int, float]) -> None:
        """Be a worker until cancelled; note in `started` when each job was in its hands."""

    async def submit(self, uri: str, ask: Callable[[], Awaitable[Sequence[int] | None]]) -> None:
        """Queue the numbers that `ask` brings, each list by one call, until it brings None."""

    async def claim(self, uri: str, times: int) -> list[float]:
        """Claim one job so many times, and return how many seconds each claim took."""


def tell(value: object) -> None:
    """Write one line to the benchmark."""
    print(json.dumps(value), flush=True)


async def hear() -> Any:
    """The next line of the benchmark, or None when it has nothing more to say."""
    line = await asyncio.to_thread(sys.stdin.readline)
    return json.loads(line) if line else None


def main(contestant: Contestant, run: Callable[[Any], object] = asyncio.run) -> None:
    """`MODULE ROLE URI [ARGUMENT]`: set_up, work NAME, submit or claim TIMES."""
    role, uri, *rest = sys.argv[2:]
    match role:
        case "set_up":
            run(contestant.set_up(uri))
        case "work":
            run(_work(contestant, uri, rest[0]))
        case "submit":
            run(contestant.submit(uri, _next_order))
        case "claim":
            run(_claim(contestant, uri, int(rest[0])))
        case _:
            sys.exit(f"unknown role {role}")


async def _work(contestant: Contestant, uri: str, name: str) -> None:
    started: dict[int, float] = {}
    working = asyncio.create_task(contestant.work(uri, name, started))
    listening = asyncio.create_task(hear())
    tell("started")
    done, _ = await asyncio.wait((working, listening), return_when=asyncio.FIRST_COMPLETED)
    if working in done:
        working.result()
    tell(list(started.items()))
    working.cancel()
    await asyncio.wait((working,), timeout=5)


async def _next_order() -> Sequence[int] | None:
    """Asked for when everything ordered before is queued."""
    tell("ready")
    order = await hear()
    return None if order is None else range(*order)


async def _claim(contestant: Contestant, uri: str, times: int) -> None:
    tell(await contestant.claim(uri, times))
