"""The id of a run of Topline, from that of a DAG run."""

import re

import pytest

from topline_airflow.run_id import topline_run_id

VALID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")

DAG_RUNS = [
    "asset_triggered__2026-11-27T08:00:00.123456+00:00_aB3dE6gH",
    "manual__2026-11-27T08:00:00+00:00",
    "scheduled__2026-11-27T08:00:00+00:00",
    "by hand, for Anna",
    "--",
    "_",
    "ünïcode ☃",
    "x" * 250,
    " ",
]


@pytest.mark.parametrize("dag_run_id", DAG_RUNS)
def test_every_id_of_a_dag_run_becomes_one_that_topline_takes(dag_run_id):
    assert VALID.fullmatch(topline_run_id(dag_run_id))


@pytest.mark.parametrize("dag_run_id", ["a", "nightly-2026.11.27_b", "7" * 128])
def test_an_id_that_topline_takes_stays_as_it_is(dag_run_id):
    assert topline_run_id(dag_run_id) == dag_run_id


@pytest.mark.parametrize("dag_run_id", DAG_RUNS)
def test_the_same_dag_run_has_the_same_id_each_time(dag_run_id):
    assert topline_run_id(dag_run_id) == topline_run_id(dag_run_id)


def test_ids_that_read_alike_are_kept_apart():
    alike = ["a:b", "a b", "a+b", "a-b", "a::b", "_", "__", "x" * 200, "x" * 201]
    assert len({topline_run_id(one) for one in alike}) == len(alike)


def test_what_it_was_made_of_can_be_read():
    made = topline_run_id("manual__2026-11-27T08:00:00+00:00")
    assert re.fullmatch(r"manual__2026-11-27T08-00-00-00-00-[0-9a-f]{8}", made)
