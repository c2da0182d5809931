"""The step `transform`: takes the run's own copies into the zone and publishes."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from topline_glue.errors import ToplineError, to_fault
from topline_glue.layout import DATASETS, quarantine_folder
from topline_glue.model import (
    CommitInfo,
    DataFile,
    Verdict,
    ZoneActions,
    ZoneCommit,
    ZoneSnapshot,
)
from topline_glue.plan import Plan
from topline_glue.step.context import Context, Engine
from topline_glue.step.lease import HeldLease, holding_lease
from topline_glue.step.manifest import Manifest, require_manifest, require_open, require_plan
from topline_glue.step.part import read_part, record_part, result_of
from topline_glue.step.publish import publish

_PARALLEL = 8


@dataclass(frozen=True)
class _Run:
    manifest: Manifest
    plan: Plan
    held: HeldLease

    def commits_among(self, commits: Sequence[ZoneCommit]) -> list[ZoneCommit]:
        run_id = self.manifest.run_id
        return [one for one in commits if one.info is not None and one.info.run_id == run_id]

    def has_rows_among(self, commits: Sequence[ZoneCommit]) -> bool:
        """Whether some attempt has committed already, under the plan that the run goes on with."""
        infos = [one.info for one in self.commits_among(commits)]
        return bool(infos) and infos[-1] is not None and infos[-1].plan_hash == self.plan.hash


def transform(context: Context, run_id: str) -> Mapping[str, object]:
    """Returns the step's result as the report's part has it.

    Reaches a verdict on every source before anything of it is committed; a repetition finds its
    commits in the log and does not append again. A step that succeeded returns what it yielded.
    """
    context = replace(context, logger=context.logger.child(run_id=run_id, step="transform"))
    with holding_lease(context) as held:
        manifest = require_manifest(context.store, run_id)
        done = result_of(read_part(context, run_id), run_id)
        if done is not None:
            return done
        require_open(context, run_id)
        try:
            return record_part(context, held, run_id, lambda: _work(context, held, manifest))
        except BaseException as error:
            _record_failure(context, held, manifest, error)
            raise


def _work(context: Context, held: HeldLease, manifest: Manifest) -> dict[str, object]:
    plan = require_plan(context.store, manifest.run_id)
    with context.open_engine(plan) as engine:
        held.on_lost(engine.cancel)
        verdicts = engine.ingest(manifest.sources, plan.limits)
        _log_verdicts(context, manifest, verdicts)

        held.verify()
        accepted = [one for one in verdicts if one.refused is None]
        with ThreadPoolExecutor(_PARALLEL) as pool:
            list(pool.map(lambda one: _quarantine(context, held, engine, one), accepted))
        run = _Run(manifest, plan, held)
        files = _write_rows(context, engine, run)
        for table in DATASETS:
            held.verify()
            _commit(context, engine.name, run, table, files.get(table))
        published = publish(context, held, engine, plan, manifest.cursor)
        return {
            "run_id": manifest.run_id,
            "engine": engine.name,
            "plan_hash": plan.hash,
            "sources": [_verdict_part(one) for one in verdicts],
            **published,
        }


def _verdict_part(verdict: Verdict) -> dict[str, object]:
    refused = verdict.refused
    return {
        "source_id": verdict.source_id,
        "rows": verdict.records,
        "accepted": verdict.accepted,
        "quarantined": dict(verdict.quarantined),
        "refused": None if refused is None else vars(refused),
    }


def _quarantine(context: Context, held: HeldLease, engine: Engine, verdict: Verdict) -> None:
    """A source's quarantine is replaced whole: parts that an earlier attempt left go."""
    folder = quarantine_folder(verdict.source_id)
    is_rejecting = any(verdict.quarantined.values())
    written = set(engine.write_quarantine(verdict.source_id, folder) if is_rejecting else ())
    for key in context.store.list(folder):
        if key not in written:
            # Writing took its time: what another has put here since is not ours to delete.
            held.verify()
            context.store.delete(key)


def _write_rows(context: Context, engine: Engine, run: _Run) -> dict[str, Sequence[DataFile]]:
    """The files of each table that lacks this run's rows: invisible until they are committed."""
    manifest = run.manifest
    stem = f"{manifest.run_id}-{run.held.lease.token}"
    written: dict[str, Sequence[DataFile]] = {}
    for table in DATASETS:
        version = context.zone.snapshot(table).version
        commits = context.zone.commits(table, manifest.zone[table], version)
        if not run.has_rows_among(commits):
            written[table] = engine.write_rows(table, stem, manifest.intake)
    return written


def _commit(
    context: Context, engine: str, run: _Run, table: str, files: Sequence[DataFile] | None
) -> None:
    """One commit a table: this run's rows are appended once, whichever attempt did it."""
    manifest = run.manifest

    def decide(latest: ZoneSnapshot, commits: Sequence[ZoneCommit]) -> ZoneActions | None:
        if files is None or run.has_rows_among(commits):
            return None
        return _append(latest, run.commits_among(commits), files)

    info = CommitInfo(
        run_id=manifest.run_id,
        operation="append",
        engine=engine,
        plan_hash=run.plan.hash,
        timestamp=int(context.clock.now().timestamp() * 1000),
    )
    context.zone.commit(table, info, run.held.lease.token, manifest.zone[table], decide)


def _append(
    latest: ZoneSnapshot, mine: Sequence[ZoneCommit], files: Sequence[DataFile]
) -> ZoneActions | None:
    """Rows that an earlier attempt took in under another plan leave with the same commit."""
    if not files and not mine:
        return None
    earlier = {file.path for commit in mine for file in commit.added}
    return ZoneActions(add=files, remove=[one for one in latest.files if one.path in earlier])


def _record_failure(
    context: Context, held: HeldLease, manifest: Manifest, error: BaseException
) -> None:
    """Leaves the failure in the ledger; the run stays open. Who lost the lease leaves nothing."""
    if ToplineError.has_code(error, "LEASE_LOST", "STEP_OUT_OF_ORDER"):
        return
    fault = to_fault(error)
    summary = {
        "run_id": manifest.run_id,
        "status": "failed",
        "started_at": manifest.started_at,
        "finished_at": None,
        "sources": manifest.arrivals,
        "rejected": manifest.refused,
        "accepted": 0,
        "quarantined": 0,
        "dates": 0,
        "error": f"{fault['code']}: {fault['message']}",
    }
    try:
        context.ledger.record(summary, held.lease)
    except ToplineError as failure:
        context.logger.warning(
            "The failure could not be recorded in the ledger", error=str(failure)
        )


def _log_verdicts(context: Context, manifest: Manifest, verdicts: Sequence[Verdict]) -> None:
    keys = {source.source_id: source.key for source in manifest.sources}
    for one in verdicts:
        fields = {"source": keys[one.source_id], "source_id": one.source_id}
        if one.refused is not None:
            context.logger.warning(f"Refused: {one.refused.code}: {one.refused.message}", **fields)
        else:
            context.logger.info(f"{one.accepted} of {one.records} records accepted", **fields)
