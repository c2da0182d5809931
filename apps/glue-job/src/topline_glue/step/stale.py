"""Which dates the KPI tables do not show as the zone and the plan have them."""

from collections.abc import Mapping, Sequence

from topline_glue.errors import ToplineError
from topline_glue.layout import DATASETS
from topline_glue.model import Cursor, DataFile, ZoneSnapshot
from topline_glue.plan import Plan
from topline_glue.step.context import Context, Engine, Zone, ZoneFiles

Pin = Mapping[str, ZoneSnapshot]
"""The zone at one moment: a snapshot of each table."""


def pin_zone(zone: Zone) -> Pin:
    return {table: zone.snapshot(table) for table in DATASETS}


def versions_of(pin: Pin) -> dict[str, int]:
    return {table: pin[table].version for table in DATASETS}


def zone_files(pin: Pin) -> ZoneFiles:
    return {table: pin[table].files for table in DATASETS}


def stale_dates(
    context: Context, engine: Engine, plan: Plan, since: Cursor | None, pin: Pin
) -> list[str]:
    """The dates whose items may differ between the cursor and the pin, ascending."""
    if since is None or since.plan_hash != plan.hash:
        return _every_date(context, plan, pin)
    try:
        listened = _dates_listened(context.zone, since.zone["streams"], pin["streams"].version)
        touched = _dates_touched(context.zone, engine, plan, since, pin)
    except ToplineError as error:
        # Where a log still tells a version, a vacuum may have removed its files.
        if error.code not in ("VERSION_UNREADABLE", "OBJECT_NOT_FOUND"):
            raise
        context.logger.warning(
            "The zone no longer tells what was published: every date is computed"
        )
        return _every_date(context, plan, pin)
    return sorted(listened | touched)


def _every_date(context: Context, plan: Plan, pin: Pin) -> list[str]:
    dates = _dates_of(pin["streams"].files)
    for table in plan.tables:
        dates.update(context.kpis.dates(table))
    return sorted(dates - {""})


def _dates_of(files: Sequence[DataFile]) -> set[str]:
    return {file.partition.get("date") or "" for file in files} - {""}


def _dates_listened(zone: Zone, from_version: int, to_version: int) -> set[str]:
    commits = zone.commits("streams", from_version, to_version)
    dates: set[str] = set()
    for commit in commits:
        if commit.data_change:
            dates |= _dates_of([*commit.added, *commit.removed])
    return dates


def _dates_touched(zone: Zone, engine: Engine, plan: Plan, since: Cursor, pin: Pin) -> set[str]:
    changed = [
        view for view in plan.reads if _has_changed(zone, view, since.zone[view], pin[view].version)
    ]
    if not changed:
        return set()
    before = {view: zone.snapshot(view, since.zone[view]).files for view in ("songs", "users")}
    return set(engine.dates_touched(before, zone_files(pin), changed))


def _has_changed(zone: Zone, view: str, from_version: int, to_version: int) -> bool:
    """Whether rows came or went: after a compaction the same rows lie in other files."""
    if from_version == to_version:
        return False
    return any(commit.data_change for commit in zone.commits(view, from_version, to_version))
