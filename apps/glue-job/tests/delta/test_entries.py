"""The entries that are written, and commits that must not be."""

from dataclasses import replace

import pytest

from topline_glue.delta.schema import table_id
from topline_glue.errors import ToplineError

from .conftest import TIME, commit, file_of, paths_of, read_lines


def test_begin_with_the_protocol_and_metadata_and_never_repeat_them(store, zone):
    commit(zone, add=[file_of("a b")], run_id="r1", fence=1_719_360_000_001)
    commit(zone, remove=[file_of("a b")], run_id="r2", fence=1_719_360_000_002)
    info = {
        "timestamp": TIME,
        "operation": "append",
        "operationParameters": {"partitionBy": '["date"]'},
        "engineInfo": "spark 3.5.6",
        "runId": "r1",
        "planHash": "ab12",
        "fence": 1_719_360_000_001,
    }
    creation, *others = read_lines(store, 0)[1:]
    assert read_lines(store, 0)[0] == {"commitInfo": info}
    assert creation == {"protocol": {"minReaderVersion": 1, "minWriterVersion": 2}}
    assert others[0]["metaData"]["id"] == table_id("streams")
    assert others[0]["metaData"]["createdTime"] == TIME
    assert others[1:] == [
        {"txn": {"appId": "topline", "version": 1_719_360_000_001, "lastUpdated": TIME}},
        {
            "add": {
                "path": "date=2024-06-25/a%20b.parquet",
                "partitionValues": {"date": "2024-06-25"},
                "size": 100,
                "modificationTime": TIME - 1_000,
                "dataChange": True,
                "stats": '{"numRecords":2}',
            }
        },
    ]
    assert read_lines(store, 1) == [
        {"commitInfo": info | {"runId": "r2", "fence": 1_719_360_000_002}},
        {"txn": {"appId": "topline", "version": 1_719_360_000_002, "lastUpdated": TIME}},
        {
            "remove": {
                "path": "date=2024-06-25/a%20b.parquet",
                "deletionTimestamp": TIME,
                "dataChange": True,
                "extendedFileMetadata": True,
                "partitionValues": {"date": "2024-06-25"},
                "size": 100,
            }
        },
    ]


def test_of_a_compaction_say_that_no_row_changed(store, zone):
    both = [file_of("a", None), file_of("b", None)]
    commit(zone, add=both)
    commit(zone, add=[file_of("ab", None)], remove=both, data_change=False)
    *removed, added = (next(iter(line.values())) for line in read_lines(store, 1)[2:])
    assert [action["dataChange"] for action in [*removed, added]] == [False, False, False]
    assert added["partitionValues"] == {"date": None}
    assert zone.commits("streams", 0, 1)[0].data_change is False


@pytest.mark.parametrize(
    "actions",
    [
        {"remove": [file_of("other")]},
        {"remove": [file_of("gone")]},
        {"remove": [file_of("live"), file_of("live")]},
        {"add": [file_of("live")]},
        {"add": [file_of("live")], "remove": [file_of("live")]},
        {"add": [file_of("gone")]},
        {"add": [file_of("new"), file_of("new")]},
        {"add": [replace(file_of("new"), partition={})]},
        {"add": [replace(file_of("new"), path="/new.parquet")]},
        {"fence": 2**53},
    ],
    ids=str,
)
def test_a_commit_that_must_not_be_leaves_no_trace(zone, actions):
    commit(zone, add=[file_of("live"), file_of("gone")])
    commit(zone, remove=[file_of("gone")])
    with pytest.raises(ToplineError) as raised:
        commit(zone, **actions)
    assert raised.value.code == "INTERNAL"
    assert zone.snapshot("streams").version == 1
    assert paths_of(zone) == [file_of("live").path]
