"""A checkpoint that another writer has made, in Parquet."""

from datetime import UTC, datetime
from urllib.parse import unquote

import pytest

from topline_glue.delta import DeltaZone

from .conftest import LOG, log_key

# Both are in the lock of test/python; an environment for Spark alone may lack them.
pyarrow = pytest.importorskip("pyarrow")
deltalake = pytest.importorskip("deltalake")


def test_a_checkpoint_of_delta_rs_is_read_by_pyarrow(store, tmp_path):
    folder = tmp_path / "streams"
    for day in (1, 2, 3):
        deltalake.write_deltalake(folder, listens_of(day), mode="append", partition_by=["date"])
    table = deltalake.DeltaTable(folder)
    table.delete("date = '2024-06-02'")
    table.create_checkpoint()
    deltalake.write_deltalake(folder, listens_of(5), mode="append")
    for file in (folder / "_delta_log").iterdir():
        store.bodies[LOG + file.name] = file.read_bytes()
    for version in range(4):
        del store.bodies[log_key(version)]
    zone = DeltaZone(store)
    days = {
        version: sorted(
            (file.partition["date"], file.records)
            for file in zone.snapshot("streams", version).files
        )
        for version in (3, 4)
    }
    assert days[3] == [("2024-06-01", 1), ("2024-06-03", 3)]
    assert days[4] == [*days[3], ("2024-06-05", 5)]
    assert {file.path for file in zone.snapshot("streams").files} == {
        unquote(path)
        for path in deltalake.DeltaTable(folder).get_add_actions().column("path").to_pylist()
    }


def listens_of(day):
    """As many as the day's number says."""
    noon = datetime(2024, 6, day, 12, tzinfo=UTC)
    return pyarrow.table(
        {
            "user_id": [f"u{at}" for at in range(day)],
            "track_id": ["t"] * day,
            "listen_time": pyarrow.array([noon] * day, pyarrow.timestamp("us", "UTC")),
            "source_id": ["s"] * day,
            "date": pyarrow.array([noon.date()] * day),
        }
    )
