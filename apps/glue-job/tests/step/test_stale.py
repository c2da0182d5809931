"""Which dates are computed: every one without a cursor, and after it those that differ."""

import pytest

from topline_glue.errors import ToplineError
from topline_glue.model import CommitInfo, Cursor, DataFile, ZoneActions
from topline_glue.plan import parse_plan
from topline_glue.step.stale import pin_zone, stale_dates

from .conftest import PLAN
from .fakes import World


def append(world: World, table: str, path: str, date: str | None, *, data_change=True) -> None:
    partition = {"date": date} if table == "streams" else {}
    actions = ZoneActions([DataFile(path, 1, 1, partition, 1)], [], data_change)
    world.zone.commit(table, CommitInfo("r", "append", "e", "p", 1), 1, -1, lambda *_: actions)


def stale(world: World, cursor: Cursor | None) -> list[str]:
    plan = parse_plan(PLAN, "plan.json")
    return stale_dates(world.context(), world.engine, plan, cursor, pin_zone(world.zone))


def cursor(plan_hash: str = PLAN["hash"], **zone: int) -> Cursor:
    return Cursor({"songs": -1, "users": -1, "streams": -1, **zone}, plan_hash)


@pytest.mark.parametrize("since", [None, cursor("another")])
def test_without_a_cursor_of_this_plan_every_date_of_zone_and_tables(world: World, since) -> None:
    append(world, "streams", "a", "2024-06-26")
    world.kpis.items["GENRE_KPIS", "2024-06-25"] = []
    assert stale(world, since) == ["2024-06-25", "2024-06-26"]


def test_after_the_cursor_the_dates_whose_files_came_or_went(world: World) -> None:
    append(world, "streams", "a", "2024-06-24")
    append(world, "streams", "b", "2024-06-25")
    append(world, "streams", "c", None)
    assert stale(world, cursor(streams=0)) == ["2024-06-25"]


def test_compaction_makes_no_date_stale(world: World) -> None:
    append(world, "streams", "a", "2024-06-24")
    append(world, "streams", "b", "2024-06-24", data_change=False)
    assert stale(world, cursor(streams=0)) == []


def test_the_dates_that_a_changed_catalogue_touches(world: World) -> None:
    append(world, "songs", "s", None)
    world.engine.touched = ["2024-06-20"]
    assert stale(world, cursor()) == ["2024-06-20"]
    assert world.engine.calls == ["dates_touched songs"]


def test_a_table_that_no_kpi_reads_is_not_compared(world: World) -> None:
    append(world, "users", "u", None)
    assert stale(world, cursor()) == []
    assert world.engine.calls == []


def test_a_compacted_catalogue_is_not_compared(world: World) -> None:
    append(world, "songs", "s", None)
    append(world, "songs", "s2", None, data_change=False)
    assert stale(world, cursor(songs=0)) == []
    assert world.engine.calls == []


def test_files_that_a_vacuum_removed_make_every_date_stale(world: World) -> None:
    append(world, "streams", "a", "2024-06-24")
    append(world, "songs", "s", None)
    world.engine.stops["dates_touched songs"] = ToplineError("OBJECT_NOT_FOUND", "gone")
    assert stale(world, cursor(streams=0)) == ["2024-06-24"]


def test_versions_that_cannot_be_read_make_every_date_stale(world: World) -> None:
    append(world, "streams", "a", "2024-06-24")

    def unreadable(*_args: object) -> None:
        raise ToplineError("VERSION_UNREADABLE", "gone")

    world.zone.commits = unreadable  # type: ignore[method-assign]
    assert stale(world, cursor(streams=0)) == ["2024-06-24"]
