"""What a run takes in, frozen by `validate`, and whether the run is open."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from topline_glue.errors import ToplineError
from topline_glue.exact_json import to_integer
from topline_glue.layout import (
    DATASETS,
    abandonment_key,
    input_key,
    manifest_key,
    plan_key,
)
from topline_glue.model import Cursor, Head, Source
from topline_glue.plan import Plan, parse_plan
from topline_glue.step.context import Context, ObjectStore
from topline_glue.step.documents import corrupt, read_document


@dataclass(frozen=True)
class Manifest:
    run_id: str
    started_at: str
    intake: int
    """The fencing token of the validate that wrote this."""
    zone: Mapping[str, int]
    """Versions of the zone's tables at the start; -1 for one that did not exist."""
    cursor: Cursor | None
    """At the start: from there the run's publish goes on, whoever repeats it."""
    sources: Sequence[Source]
    """Those that the engine is to read: their heads did not refuse them."""
    arrivals: int
    """All sources, refused ones included."""
    refused: int


def require_manifest(store: ObjectStore, run_id: str) -> Manifest:
    """Raises `RUN_NOT_FOUND`, `STATE_CORRUPT`."""
    key = manifest_key(run_id)
    found = read_document(store, key)
    if found is None:
        raise ToplineError(
            "RUN_NOT_FOUND",
            f"Run {run_id} has no manifest: its validate has not succeeded. Run validate first and "
            "go on with the run id that it returns.",
        )
    try:
        return _parse(found)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise corrupt(key, repr(error)) from error


def require_plan(store: ObjectStore, run_id: str) -> Plan:
    """Raises `STATE_CORRUPT`."""
    key = plan_key(run_id)
    found = read_document(store, key)
    if found is None:
        raise ToplineError("STATE_CORRUPT", f"{key} is missing.")
    return parse_plan(found, key)


def require_open(context: Context, run_id: str) -> None:
    """Raises `STEP_OUT_OF_ORDER`; `RUN_NOT_OPEN` when the run was abandoned."""
    if context.store.read_text(abandonment_key(run_id)) is not None:
        raise ToplineError(
            "RUN_NOT_OPEN",
            f"Run {run_id} was abandoned, so it cannot go on. What it had not taken in is in the "
            "inbox again or in rejected/: begin a run under another id.",
        )
    found = context.ledger.open_run()
    if found == run_id:
        return
    which = "no run is" if found is None else f"{found} is"
    raise ToplineError(
        "STEP_OUT_OF_ORDER",
        f"Run {run_id} is not open ({which}). Run validate first and go on with the run id that it "
        "returns.",
    )


def _parse(found: Mapping) -> Manifest:
    run_id = found["run_id"]
    sources = found["sources"]
    cursor = found["cursor"]
    return Manifest(
        run_id=run_id,
        started_at=found["started_at"],
        intake=to_integer(found["intake"]),
        zone=_versions(found["zone"]),
        cursor=None if cursor is None else Cursor(_versions(cursor["zone"]), cursor["plan_hash"]),
        sources=[_source(run_id, one) for one in sources if one["head"] is not None],
        arrivals=len(sources),
        refused=sum(1 for one in sources if one["refused"] is not None),
    )


def _versions(found: Mapping) -> dict[str, int]:
    return {table: int(found[table]) for table in DATASETS}


def _source(run_id: str, found: Mapping) -> Source:
    head = found["head"]
    return Source(
        source_id=found["source_id"],
        dataset=found["dataset"],
        key=found["key"],
        input_key=input_key(run_id, found["source_id"], found["compression"]),
        compression=found["compression"],
        size=found["size"],
        head=Head(head["record"], head["width"], dict(head["positions"])),
    )
