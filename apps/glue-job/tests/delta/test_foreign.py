"""Logs that others have written to."""

import pytest

from topline_glue.errors import ToplineError
from topline_glue.model import DataFile, ZoneCommit

from .conftest import (
    LOG,
    TIME,
    commit,
    file_of,
    foreign_add,
    foreign_creation,
    foreign_remove,
    info_of,
    log_key,
    put_lines,
)


def test_entries_of_others_are_read_for_their_files_and_tell_no_run(store, zone):
    first = foreign_add("date%3D2024-06-25/a%20b.parquet", tags=None)
    put_lines(store, 0, *foreign_creation(), first)
    put_lines(
        store,
        1,
        {"commitInfo": {"timestamp": TIME, "operation": "OPTIMIZE", "engineInfo": "Spark"}},
        {"domainMetadata": {"domain": "x", "configuration": "{}", "removed": False}},
        {"txn": {"appId": "a-stream", "version": 2**63 - 1}},
        foreign_remove("date=2024-06-25/a%20b.parquet", dataChange=False),
        foreign_add("c.parquet", dataChange=False, partitionValues={"date": ""}),
    )
    ab = DataFile("date=2024-06-25/a b.parquet", 7, TIME, {"date": "2024-06-25"}, 5)
    c = DataFile("c.parquet", 7, TIME, {"date": None}, 5)
    snapshot = zone.snapshot("streams")
    assert (snapshot.version, snapshot.files, snapshot.fence) == (1, [c], 0)
    assert zone.commits("streams", -1, 1) == [
        ZoneCommit(0, None, [ab], [], data_change=True),
        ZoneCommit(1, None, [c], [ab], data_change=False),
    ]


def test_a_live_file_may_be_named_again_and_what_is_not_live_removed(store, zone):
    put_lines(store, 0, *foreign_creation(), foreign_add("a.parquet"))
    again = foreign_add("a.parquet", dataChange=False, stats='{"numRecords":6.0}')
    put_lines(store, 1, again, foreign_remove("never.parquet", dataChange=False))
    files = zone.snapshot("streams").files
    assert [(file.path, file.records) for file in files] == [("a.parquet", 6)]
    assert zone.commits("streams", 0, 1)[0].removed == []


def test_a_table_of_others_is_committed_upon_without_a_second_creation(store, zone):
    put_lines(store, 0, *foreign_creation())
    assert commit(zone, add=[file_of("a")], run_id="r1", fence=5) == 1
    expected = ZoneCommit(1, info_of("r1"), [file_of("a")], [], data_change=True)
    assert zone.commits("streams", 0, 1) == [expected]
    assert zone.snapshot("streams").fence == 5


def test_an_entry_cannot_lower_the_fence(store, zone):
    put_lines(store, 0, *foreign_creation(), {"txn": {"appId": "topline", "version": 9}})
    put_lines(store, 1, {"txn": {"appId": "topline", "version": 4}})
    assert zone.snapshot("streams").fence == 9
    with pytest.raises(ToplineError) as raised:
        commit(zone, fence=8)
    assert raised.value.code == "LEASE_LOST"


def test_other_files_of_the_log_are_told_by_their_names(store, zone):
    put_lines(store, 0, *foreign_creation())
    for name in [
        "00000000000000000000.crc",
        "00000000000000000001.00000000000000000002.compacted.json",
        "00000000000000000008.checkpoint.0000000001.0000000003.parquet",
        "_last_checkpoint",
        "_staged_commits/00000000000000000001.3a0d65cd-4056-49b8-937b-95f9e3ee90e5.json",
        "9.json",
    ]:
        store.bodies[LOG + name] = b"not an entry"
    assert zone.snapshot("streams").version == 0


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ([foreign_creation(minReaderVersion=2)], "reader version 2"),
        (
            [foreign_creation(minReaderVersion=3, readerFeatures=["x", "y"])],
            "reader version 3 for the features x, y",
        ),
        ([[foreign_add("a", deletionVector={"storageType": "u"})]], "action 1: .*deletion vector"),
        ([foreign_creation()[1:]], "names its protocol"),
        ([foreign_creation()[:1]], "metaData"),
        ([[foreign_add("s3://elsewhere/a.parquet")]], "s3://elsewhere"),
        ([[foreign_add("a.parquet", stats=None)]], r"a\.parquet .*numRecords"),
        ([[foreign_add("a.parquet", stats="{")]], r"a\.parquet .*numRecords"),
        ([[foreign_add("a.parquet", size="7")]], r"action 1: .*add\.size"),
        ([[foreign_add("a.parquet", size=True)]], r"action 1: .*add\.size"),
        ([[foreign_add("a.parquet", size=2**53)]], r"action 1: .*add\.size"),
        ([[foreign_add("a.parquet", partitionValues=None)]], r"add\.partitionValues"),
        ([[{"txn": {"appId": "topline", "version": "7"}}]], r"action 1: .*txn\.version"),
        ([["add"]], "action 1: .*at its top"),
        ([[{"metaData": {"format": {"provider": "orc"}}}]], "orc, not parquet"),
    ],
)
def test_a_log_that_this_reader_does_not_know_is_corrupt(store, zone, entries, message):
    for version, lines in enumerate(entries):
        put_lines(store, version, *lines)
    with pytest.raises(ToplineError, match=message) as raised:
        zone.snapshot("streams")
    assert raised.value.code == "STATE_CORRUPT"


@pytest.mark.parametrize(
    ("body", "message"),
    [(b"{", "line 1: .*not JSON"), (b'{"a": NaN}', "not JSON"), (b"\xff", "not UTF-8")],
)
def test_an_entry_that_is_no_json_is_corrupt(store, zone, body, message):
    store.bodies[log_key(0)] = body
    with pytest.raises(ToplineError, match=message) as raised:
        zone.snapshot("streams")
    assert raised.value.code == "STATE_CORRUPT"


def test_an_entry_that_is_missing_between_others_is_corrupt(store, zone):
    for stem in "abc":
        commit(zone, add=[file_of(stem)])
    del store.bodies[log_key(1)]
    with pytest.raises(ToplineError, match=r"00000001\.json: .*missing between others"):
        zone.snapshot("streams")


@pytest.mark.parametrize(
    ("protocol", "metadata", "actions", "message"),
    [
        (
            {"minWriterVersion": 7, "writerFeatures": ["identityColumns"]},
            {},
            {"add": [file_of("b")]},
            "writer version 7 for the features identityColumns",
        ),
        (
            {},
            {"configuration": {"delta.appendOnly": "true"}},
            {"remove": [DataFile("a.parquet", 7, TIME, {"date": "2024-06-25"}, 5)]},
            "appendOnly",
        ),
        ({}, {"partitionColumns": []}, {"add": [file_of("b")]}, r"partitioned by \(\)"),
        ({}, {"schemaString": "{"}, {"add": [file_of("b")]}, "not a Delta schema"),
    ],
)
def test_a_table_that_asks_for_more_is_not_committed_to(
    store, zone, protocol, metadata, actions, message
):
    versions, described = foreign_creation(**protocol)
    described["metaData"] |= metadata
    put_lines(store, 0, versions, described, foreign_add("a.parquet"))
    with pytest.raises(ToplineError, match=message) as raised:
        commit(zone, **actions)
    assert raised.value.code == "STATE_CORRUPT"
    assert zone.snapshot("streams").version == 0
