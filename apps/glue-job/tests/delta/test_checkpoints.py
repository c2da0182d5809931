"""Logs whose first entries were cleaned up behind a checkpoint."""

import pytest

from topline_glue.delta import DeltaZone
from topline_glue.errors import ToplineError

from .conftest import (
    LOG,
    commit,
    file_of,
    foreign_add,
    foreign_creation,
    foreign_remove,
    log_key,
    paths_of,
)

CHECKPOINT = f"{LOG}{1:020}.checkpoint.parquet"


def checkpoint_of(body):
    """Stands for a reader of Parquet: the rows that the checkpoint of version 1 holds."""
    assert body == b"parquet"
    absent = {"protocol": None, "metaData": None, "txn": None, "add": None, "remove": None}
    rows = [
        *foreign_creation(),
        {"txn": {"appId": "topline", "version": 7}},
        foreign_add("date=2024-06-25/a.parquet"),
        foreign_remove("date=2024-06-25/gone.parquet"),
    ]
    return [absent | row for row in rows]


@pytest.fixture
def cleaned(store):
    """Entry 2 alone, behind the checkpoint of version 1."""
    writer = DeltaZone(store)
    for stem in ["x", "y", "c"]:
        commit(writer, add=[file_of(stem)], fence=1)
    del store.bodies[log_key(0)], store.bodies[log_key(1)]
    store.bodies[CHECKPOINT] = b"parquet"
    return store


def test_are_read_from_it(cleaned):
    zone = DeltaZone(cleaned, checkpoint_of)
    assert paths_of(zone) == [file_of("a").path, file_of("c").path]
    assert paths_of(zone, 1) == [file_of("a").path]
    assert zone.snapshot("streams").fence == 7
    assert [each.version for each in zone.commits("streams", 1, 2)] == [2]


def test_names_that_it_has_removed_are_not_given_again(cleaned):
    with pytest.raises(ToplineError, match="names it already"):
        commit(DeltaZone(cleaned, checkpoint_of), add=[file_of("gone")], since=2, fence=7)


def test_do_not_tell_what_was_before_it(cleaned):
    zone = DeltaZone(cleaned, checkpoint_of)
    with pytest.raises(ToplineError, match="begins at entry 2") as raised:
        zone.snapshot("streams", 0)
    assert raised.value.code == "VERSION_UNREADABLE"


def test_cannot_be_read_without_a_reader_of_parquet(cleaned, monkeypatch):
    monkeypatch.setattr("topline_glue.delta.zone.checkpoint_reader", lambda: None)
    with pytest.raises(ToplineError, match=r"begins at entry 2.*checkpoint\.parquet") as raised:
        DeltaZone(cleaned).snapshot("streams")
    assert raised.value.code == "CONFIG_INVALID"


def test_whole_logs_are_read_from_their_newest_checkpoint(store):
    for stem in "xyc":
        commit(DeltaZone(store), add=[file_of(stem)], fence=1)
    store.bodies[CHECKPOINT] = b"parquet"
    zone = DeltaZone(store, checkpoint_of)
    assert paths_of(zone) == [file_of("a").path, file_of("c").path]
    assert paths_of(zone, 0) == [file_of("x").path]


def test_whole_logs_need_no_reader_of_parquet(store, monkeypatch):
    monkeypatch.setattr("topline_glue.delta.zone.checkpoint_reader", lambda: None)
    for stem in "abc":
        commit(DeltaZone(store), add=[file_of(stem)])
    store.bodies[CHECKPOINT] = b"not read"
    assert len(paths_of(DeltaZone(store))) == 3
