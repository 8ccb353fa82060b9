"""Facts and publishing records as rows store them: other releases write and read them, so no field may get lost.

`stored_tasks.json` holds `tasks.result` and `tasks.publishing` as release 0.1 wrote them, captured from real tasks.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from ffmate_desktop.domain.publishing import MOST_FILES, PublishingRecord, RecordedFile, RecordedOutput
from ffmate_desktop.domain.stored_values import Unreadable
from ffmate_desktop.domain.task_facts import TaskFacts
from tests.foreign import variants

STORED: dict[str, dict[str, Any]] = json.loads((Path(__file__).parent / "stored_tasks.json").read_text())
RESULTS, RECORDS = STORED["result"], STORED["publishing"]
SIDE, SCRIPTS = RECORDS["side, RUNNING publish"], RECORDS["scripts, POST_PROCESSING"]


def read(stored: object) -> PublishingRecord:
    record = PublishingRecord.from_json(stored)
    assert not isinstance(record, Unreadable), record
    return record


@pytest.mark.parametrize("name", RESULTS)
def test_stored_facts_are_written_back_as_they_were(name: str) -> None:
    facts = TaskFacts.from_json(RESULTS[name])
    assert facts.to_json() == RESULTS[name]
    assert facts.unknown == {}


@pytest.mark.parametrize("name", RECORDS)
def test_a_stored_record_is_written_back_as_it_was(name: str) -> None:
    record = read(RECORDS[name])
    assert record.to_json() == RECORDS[name]
    assert (record.unknown, record.facts.unknown) == ({}, {})


def test_facts_have_types() -> None:
    facts = TaskFacts.from_json(RESULTS["scripts, DONE_SUCCESSFUL"])
    assert facts.output == "/storage/media/linux by hand.mkv"
    assert (facts.size, facts.folders) == (59459, ("/storage/media",))
    assert facts.source is not None and (facts.source.size, facts.source.mtime) == (53807, 1796079109086269)
    assert facts.media is not None and facts.media.input is not None and facts.media.outputs is not None
    assert (facts.media.input["size"], [output["size"] for output in facts.media.outputs]) == (53807, [59459])
    assert facts.imported is not None and facts.imported["output"] is None
    assert facts.pre_processing is not None and facts.pre_processing.finished_at == 1796079113390
    failed = TaskFacts.from_json(RESULTS["bad script, DONE_ERROR"]).pre_processing
    assert failed is not None and failed.error is not None and failed.error.endswith("failed (exit code 3).")
    several = TaskFacts.from_json(RESULTS["set, DONE_SUCCESSFUL"]).first
    assert several is not None and (several.path, several.size) == ("/storage/media/hls/list0.ts", 35908)
    changed = TaskFacts.from_json(RESULTS["changed, DONE_ERROR"]).changed
    assert changed is not None and (changed.input, changed.how) == ("/storage/media/rec.ts", "growing")
    assert TaskFacts.from_json(RESULTS["skipped, DONE_CANCELED"]).skipped


def test_a_record_has_types() -> None:
    film, log = read(SIDE).outputs
    assert (film.target, film.side, film.files) == (
        "/storage/media/clip.out-4.mp4",
        False,
        (("", 47104, 1796079114875213041),),
    )
    assert (log.side, log.files[0].name) == (True, "log-0.log")
    published = read(SCRIPTS).published
    assert published is not None
    assert (published.paths, published.size, published.first_size) == (
        (Path("/storage/media/linux by hand.mkv"),),
        59459,
        59459,
    )


@pytest.mark.parametrize("stored", RESULTS.values(), ids=RESULTS)
def test_facts_of_any_shape_are_read_and_written_back(stored: Any) -> None:
    for variant in variants(stored):
        written = TaskFacts.from_json(variant).to_json()
        assert written == (variant if isinstance(variant, dict) else {})


@pytest.mark.parametrize("stored", RECORDS.values(), ids=RECORDS)
def test_a_record_of_any_shape_is_unreadable_or_written_back(stored: Any) -> None:
    readable = 0
    for variant in variants(stored):
        record = PublishingRecord.from_json(variant)
        if not isinstance(record, Unreadable):
            readable += 1
            assert record.to_json() == variant
    assert readable


def test_a_wrong_value_costs_only_its_own_field() -> None:
    facts = TaskFacts.from_json({"size": "3", "output": "/a", "preProcessing": {"script": 5, "startedAt": 7}})
    assert (facts.size, facts.output) == (None, "/a")
    assert facts.pre_processing is not None
    assert (facts.pre_processing.script, facts.pre_processing.started_at) == (None, 7)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("outputs",), {}),
        (("outputs", 0), "newer"),
        (("outputs", 0, "temporary"), 5),
        (("outputs", 0, "target"), None),
        (("outputs", 0, "files"), "newer"),
        (("outputs", 0, "files", 0), ["", 1]),
        (("outputs", 0, "files", 0, 1), "1"),
        (("result",), []),
        (("result", "output"), 5),
        (("result", "imported"), "newer"),
        (("published",), "newer"),
        (("published", "paths"), [5]),
        (("published", "size"), True),
        (("published", "first"), None),
    ],
)
def test_a_record_that_a_successor_cannot_use_is_unreadable(
    path: tuple[str | int, ...], value: object
) -> None:
    stored = json.loads(json.dumps(SIDE | {"published": SCRIPTS["published"]}))
    assert not isinstance(PublishingRecord.from_json(stored), Unreadable)
    place = stored
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    record = PublishingRecord.from_json(stored)
    assert isinstance(record, Unreadable)
    assert record.why.startswith(".".join(key for key in path if isinstance(key, str)))


def test_fields_of_a_newer_release_survive_a_change() -> None:
    stored = SIDE | {"newer": 1, "result": SIDE["result"] | {"newer": 2}}
    stored["outputs"] = [output | {"newer": [3]} for output in SIDE["outputs"]]
    written = read(stored).to_json()
    assert written == stored


def test_the_files_of_a_large_set_are_not_recorded() -> None:
    files = tuple(RecordedFile(f"{number}.png", 1, 1) for number in range(MOST_FILES + 1))
    assert len(RecordedOutput("/t", "/frames", files[:MOST_FILES]).to_json()["files"]) == MOST_FILES
    assert RecordedOutput("/t", "/frames", files, real_target="/real").to_json() == {
        "temporary": "/t",
        "target": "/frames",
        "files": [],
    }
