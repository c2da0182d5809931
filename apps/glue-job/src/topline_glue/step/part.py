"""The step's part of the run's report, kept beside the manifest: what it yielded, how it went."""

from collections.abc import Callable, Mapping
from datetime import datetime

from topline_glue.errors import ToplineError, to_fault
from topline_glue.layout import step_key
from topline_glue.step.context import Context
from topline_glue.step.documents import corrupt, read_document, write_document
from topline_glue.step.lease import HeldLease

STEP = "transform"


def read_part(context: Context, run_id: str) -> Mapping | None:
    return read_document(context.store, step_key(run_id, STEP))


def result_of(part: Mapping | None, run_id: str) -> Mapping | None:
    """What a step that succeeded yielded; `None` unless it did."""
    if part is None or part.get("status") != "succeeded":
        return None
    result = part.get("result")
    if isinstance(result, dict):
        return result
    raise corrupt(step_key(run_id, STEP), "a step that succeeded has no result")


def record_part(
    context: Context, held: HeldLease, run_id: str, work: Callable[[], Mapping[str, object]]
) -> Mapping[str, object]:
    """Keeps the part up to date while `work` is under way.

    A fault is recorded and raised on; where the lease was lost, nothing is recorded, and the loss
    is raised.
    """
    started = context.clock.now()
    previous = read_part(context, run_id) or {}
    attempts = int(previous.get("attempts", 0)) + 1

    def write(**fields: object) -> None:
        elapsed = (context.clock.now() - started).total_seconds() * 1000
        part = {
            "step": STEP,
            "status": "running",
            "duration_ms": max(0, round(elapsed)),
            "attempts": attempts,
            "started_at": iso(started),
            "error": None,
            **fields,
        }
        write_document(context.store, step_key(run_id, STEP), part)

    write()
    try:
        result = work()
        write(status="succeeded", result=result)
    except BaseException as fault:
        error = held.explain(fault)
        # Whoever lost the lease changes nothing more: the part belongs to the one who works now.
        if not ToplineError.has_code(error, "LEASE_LOST"):
            _try_to_record(context, write, error)
        if error is fault:
            raise
        raise error from fault
    return result


def _try_to_record(context: Context, write: Callable[..., None], error: BaseException) -> None:
    try:
        write(status="failed", error=to_fault(error))
    except ToplineError as fault:
        context.logger.warning("The step's failure could not be recorded", error=str(fault))


def iso(moment: datetime) -> str:
    """As JavaScript's `toISOString`: milliseconds, `Z`."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
