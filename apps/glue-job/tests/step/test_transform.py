"""The step from lease to report, and what it leaves where it is cut off."""

import json

import pytest

from topline_glue.errors import Cancelled, ToplineError
from topline_glue.model import Violation
from topline_glue.step.transform import transform

from .conftest import PLAN, freeze
from .fakes import Killed, ScriptedEngine, World

SOURCE = "0123456789abcdef"
PART = "runs/run-1/transform.json"


def part_of(world: World) -> dict:
    return json.loads(world.store.objects[PART])


def test_a_run_is_taken_in_published_and_reported(world: World) -> None:
    result = transform(world.context(), "run-1")

    assert result == {
        "run_id": "run-1",
        "engine": "scripted 1",
        "plan_hash": PLAN["hash"],
        "sources": [
            {
                "source_id": SOURCE,
                "rows": 10,
                "accepted": 10,
                "quarantined": {},
                "refused": None,
            }
        ],
        "dates": [
            {
                "date": "2024-06-25",
                "listens": 10,
                "duplicates": 0,
                "unknown_tracks": 0,
                "unknown_users": 0,
            }
        ],
        "tables": [{"table": "test-GENRE_KPIS", "put": 1, "deleted": 0, "unchanged": 0}],
        "zone": {"songs": 0, "users": 0, "streams": 0},
    }
    part = part_of(world)
    assert part["status"] == "succeeded"
    assert part["attempts"] == 1
    assert part["error"] is None
    assert part["result"] == result
    assert world.ledger.cursor is not None
    assert world.ledger.cursor.zone == {"songs": 0, "users": 0, "streams": 0}
    assert world.ledger.held is None


def test_a_step_that_succeeded_returns_what_it_yielded_and_starts_no_engine(world: World) -> None:
    first = transform(world.context(), "run-1")
    again = transform(world.context(), "run-1")
    assert again == first
    assert world.engines_opened == 1


@pytest.mark.parametrize(
    "stopped_at",
    ["ingest", "write_rows songs", "write_rows streams", "compute", "rows"],
)
def test_killed_anywhere_it_is_finished_by_the_next_attempt_once(
    world: World, stopped_at: str
) -> None:
    world.engine.stops[stopped_at] = Killed()
    with pytest.raises(Killed):
        transform(world.context(), "run-1")
    world.ledger.held = None

    result = transform(world.context(), "run-1")

    assert [len(world.zone.log[table]) for table in ("songs", "users", "streams")] == [1, 1, 1]
    assert result["dates"][0]["listens"] == 10
    assert part_of(world)["attempts"] == 2
    assert world.ledger.cursor is not None


def test_a_retry_under_another_plan_replaces_its_own_rows_in_one_commit(world: World) -> None:
    world.engine.stops["compute"] = ToplineError("ENGINE_FAILED", "no memory")
    with pytest.raises(ToplineError, match="no memory"):
        transform(world.context(), "run-1")
    first = world.zone.snapshot("streams").files
    freeze(world, plan={**PLAN, "hash": "c" * 64})

    transform(world.context(), "run-1")

    commits = world.zone.log["streams"]
    assert len(commits) == 2
    assert list(commits[1].removed) == list(first)
    assert len(world.zone.snapshot("streams").files) == 1


def test_a_failure_is_in_the_part_and_in_the_ledger_and_the_lease_is_let_go(world: World) -> None:
    world.engine.stops["compute"] = ToplineError("ENGINE_FAILED", "no memory")
    with pytest.raises(ToplineError, match="no memory"):
        transform(world.context(), "run-1")
    part = part_of(world)
    assert part["status"] == "failed"
    assert part["error"] == {
        "code": "ENGINE_FAILED",
        "message": "no memory",
        "is_retryable": False,
    }
    assert world.ledger.summaries[-1]["status"] == "failed"
    assert world.ledger.summaries[-1]["error"] == "ENGINE_FAILED: no memory"
    assert world.ledger.held is None
    assert world.ledger.cursor is None


def test_a_job_that_is_stopped_says_so_and_lets_its_lease_go(world: World) -> None:
    world.engine.stops["compute"] = Cancelled()
    with pytest.raises(Cancelled):
        transform(world.context(), "run-1")
    assert part_of(world)["error"] == {
        "code": "CANCELLED",
        "message": "The work was cancelled; run it again to finish it.",
        "is_retryable": True,
    }
    assert world.ledger.held is None


def test_a_failed_audit_publishes_nothing(world: World) -> None:
    world.engine = ScriptedEngine(violations=[Violation("audit_ranks", "2024-06-25", "rank 2")])
    with pytest.raises(ToplineError, match="audit_ranks on 2024-06-25: rank 2") as failed:
        transform(world.context(), "run-1")
    assert failed.value.code == "AUDIT_FAILED"
    assert world.kpis.items == {}
    assert world.ledger.cursor is None


def test_who_lost_the_lease_changes_nothing_more(world: World) -> None:
    class Overtaken(ScriptedEngine):
        def ingest(self, sources, limits):
            world.ledger.take_over()
            return super().ingest(sources, limits)

    world.engine = Overtaken(quarantined=1)
    with pytest.raises(ToplineError) as failed:
        transform(world.context(), "run-1")
    assert failed.value.code == "LEASE_LOST"
    assert failed.value.is_retryable
    assert part_of(world)["status"] == "running"
    assert world.ledger.summaries == []
    assert all(not commits for commits in world.zone.log.values())
    assert world.engine.calls == ["ingest"]


@pytest.mark.parametrize("code", ["OBJECT_NOT_FOUND", "STORE_UNAVAILABLE", "CANCELLED"])
def test_who_was_overtaken_leaves_the_part_whatever_it_runs_into(world: World, code: str) -> None:
    left = b'{"step": "transform", "status": "succeeded", "attempts": 2}'

    def ingest(*_: object) -> None:
        world.ledger.take_over()
        world.store.objects[PART] = left
        raise ToplineError(code, "It ended.")

    world.engine.ingest = ingest  # type: ignore[method-assign]
    with pytest.raises(ToplineError) as failed:
        transform(world.context(), "run-1")
    assert failed.value.code == "LEASE_LOST"
    assert world.store.objects[PART] == left
    assert world.ledger.summaries == []


def test_who_was_overtaken_while_it_wrote_deletes_no_quarantine(world: World) -> None:
    theirs = f"quarantine/source={SOURCE}/part-2.jsonl"

    class Overtaken(ScriptedEngine):
        def write_quarantine(self, source_id, prefix):
            world.ledger.take_over()
            world.store.objects[theirs] = b"{}"
            return super().write_quarantine(source_id, prefix)

    world.engine = Overtaken(quarantined=1)
    with pytest.raises(ToplineError) as failed:
        transform(world.context(), "run-1")
    assert failed.value.code == "LEASE_LOST"
    assert theirs in world.store.objects


def test_the_quarantine_of_a_source_is_replaced_whole(world: World) -> None:
    stale = f"quarantine/source={SOURCE}/part-2.jsonl"
    world.store.objects[stale] = b"{}"
    world.engine = ScriptedEngine(quarantined=2)
    transform(world.context(), "run-1")
    assert stale not in world.store.objects
    assert "write_quarantine" in world.engine.calls


def test_a_source_without_rejected_rows_keeps_no_quarantine(world: World) -> None:
    stale = f"quarantine/source={SOURCE}/part-1.jsonl"
    world.store.objects[stale] = b"{}"
    transform(world.context(), "run-1")
    assert stale not in world.store.objects
    assert "write_quarantine" not in world.engine.calls


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (lambda world: world.store.objects.pop("runs/run-1/manifest.json"), "RUN_NOT_FOUND"),
        (lambda world: world.store.objects.pop("runs/run-1/plan.json"), "STATE_CORRUPT"),
        (
            lambda world: world.store.objects.update({"runs/run-1/manifest.json": b"{"}),
            "STATE_CORRUPT",
        ),
        (
            lambda world: world.store.objects.update({"runs/run-1/manifest.json": b"[]"}),
            "STATE_CORRUPT",
        ),
        (
            lambda world: world.store.objects.update({"runs/run-1/manifest.json": b"{}"}),
            "STATE_CORRUPT",
        ),
        (
            lambda world: world.store.objects.update({"runs/run-1/plan.json": b'{"format":2}'}),
            "STATE_CORRUPT",
        ),
        (
            lambda world: world.store.objects.update({"runs/run-1/abandon.json": b"{}"}),
            "RUN_NOT_OPEN",
        ),
        (lambda world: setattr(world.ledger, "opened", "other"), "STEP_OUT_OF_ORDER"),
        (lambda world: setattr(world.ledger, "opened", None), "STEP_OUT_OF_ORDER"),
    ],
)
def test_a_run_that_cannot_be_worked_on_is_told_why(world: World, spoil, code: str) -> None:
    spoil(world)
    with pytest.raises(ToplineError) as failed:
        transform(world.context(), "run-1")
    assert failed.value.code == code
    assert all(not commits for commits in world.zone.log.values())
    assert world.ledger.held is None


def test_a_lease_that_another_holds_is_waited_for_where_asked(world: World) -> None:
    world.ledger.acquire("somebody", 30)
    with pytest.raises(ToplineError, match="held by somebody"):
        transform(world.context(), "run-1")

    def release_after(seconds: float) -> None:
        world.clock.slept.append(seconds)
        if len(world.clock.slept) == 3:
            world.ledger.held = None

    world.clock.sleep = release_after  # type: ignore[method-assign]
    transform(world.context(waits_for_lease=True), "run-1")
    assert world.clock.slept == [1.0, 1.0, 1.0]
