"""Brings the KPI tables to show the zone as it is, and only then moves the cursor."""

from collections.abc import Sequence
from dataclasses import asdict

from topline_glue.errors import ToplineError
from topline_glue.model import Counts, Cursor, Violation
from topline_glue.plan import Plan, TableSpec
from topline_glue.step.context import Context, Engine
from topline_glue.step.lease import HeldLease
from topline_glue.step.stale import pin_zone, stale_dates, versions_of, zone_files


def publish(
    context: Context, held: HeldLease, engine: Engine, plan: Plan, since: Cursor | None
) -> dict[str, object]:
    """Cut off anywhere it is repeated from the same cursor, and so over the same dates.

    Returns `dates`, `tables` and `zone` as the report has them. Raises `AUDIT_FAILED`, before
    anything is written; `LEASE_LOST`.
    """
    pin = pin_zone(context.zone)
    dates = stale_dates(context, engine, plan, since, pin)
    context.logger.info(f"{len(dates)} dates to compute", dates=len(dates))
    figures, violations = engine.compute(zone_files(pin), dates)
    if violations:
        raise _audit_failed(violations)
    tables = [
        {
            "table": context.table_prefix + table.name,
            **asdict(_publish_table(context, held, engine, table, dates)),
        }
        for table in plan.tables
    ]
    held.verify()
    context.ledger.move_cursor(Cursor(versions_of(pin), plan.hash), held.lease)
    return {
        "dates": [asdict(one) for one in figures],
        "tables": tables,
        "zone": versions_of(pin),
    }


def _publish_table(
    context: Context, held: HeldLease, engine: Engine, table: TableSpec, dates: Sequence[str]
) -> Counts:
    put = deleted = unchanged = 0
    for date in dates:
        held.raise_if_lost()
        counts = context.kpis.publish(table, date, engine.rows(table, date), held.lease)
        put += counts.put
        deleted += counts.deleted
        unchanged += counts.unchanged
    return Counts(put, deleted, unchanged)


def _audit_failed(violations: Sequence[Violation]) -> ToplineError:
    shown = "; ".join(f"{one.audit} on {one.date}: {one.detail}" for one in violations[:5])
    more = f" (and {len(violations) - 5} more)" if len(violations) > 5 else ""
    return ToplineError(
        "AUDIT_FAILED",
        f"The computed figures contradict each other, so nothing was published: {shown}{more}. "
        "Mend the relation and run again: the open run goes on under the mended plan.",
    )
