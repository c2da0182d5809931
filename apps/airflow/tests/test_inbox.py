"""What counts as a file of the inbox, and how it is listed."""

from datetime import datetime, timedelta

import pytest

from topline_airflow.inbox import Arrival, fingerprint, is_taken, list_inbox


@pytest.mark.parametrize(
    "key",
    [
        "raw-data/users.csv",
        "raw-data/songs.csv.gz",
        "raw-data/streams.csv",
        "raw-data/streams/a.csv",
        "raw-data/streams/2024/06/a b\nc.csv.gz",
        "raw-data/streams/.csv",
    ],
)
def test_a_dataset_is_taken(key):
    assert is_taken(key)


@pytest.mark.parametrize(
    "key",
    [
        "raw-data/",
        "raw-data/streams/",
        "raw-data/other.csv",
        "raw-data/users.CSV",
        "raw-data/users.csv.bz2",
        "raw-data/users/a.csv",
        "raw-data/users.csv\n",
        "raw-data/streams/a.parquet",
        "archive/raw-data/users.csv",
    ],
)
def test_anything_else_is_left_alone(key):
    assert not is_taken(key)


def test_a_fingerprint_knows_the_same_arrivals_in_any_order():
    one, two = Arrival("a", '"1"', "t"), Arrival("b", '"2"', "t")
    assert fingerprint([one, two]) == fingerprint([two, one])
    replaced, again = Arrival("b", '"3"', "t"), Arrival("b", '"2"', "u")
    different = [[], [one], [two], [one, two], [one, replaced], [one, again]]
    assert len({fingerprint(some) for some in different}) == len(different)


def test_all_pages_of_the_inbox_are_listed(s3, bucket):
    keys = [f"raw-data/streams/{number:04}.csv" for number in range(1_001)]
    for key in [*keys, "raw-data/README", "raw-data/users.csv"]:
        s3.put_object(Bucket=bucket, Key=key, Body=b"")
    found = list_inbox(bucket, "aws_default")
    assert {one.key for one in found} == {*keys, "raw-data/users.csv"}
    assert all(datetime.fromisoformat(one.arrived).utcoffset() == timedelta(0) for one in found)
