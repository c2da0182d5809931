"""Publishing a date: what differs, whole lists, under the fence."""

import pytest

from topline_glue.aws import KpiStore
from topline_glue.errors import ToplineError
from topline_glue.model import Counts

from .spied_client import cancelled
from .tables import DATE, GENRE_KPIS, TOP_GENRES, TOP_SONGS, genre_row, song_row, songs_of_a_day


@pytest.fixture
def kpis(client, prefix, clock):
    return KpiStore(client, prefix, clock=clock)


@pytest.fixture
def lease(others):
    return others.acquire("test", 30)


def items_of(dynamodb, prefix, table):
    return dynamodb.scan(TableName=prefix + table.name, ConsistentRead=True)["Items"]


def test_writes_what_differs_and_counts_it(kpis, lease, dynamodb, prefix):
    rows = [genre_row("a"), genre_row("b", note=None), genre_row("c")]
    assert kpis.publish(GENRE_KPIS, DATE, rows, lease) == Counts(3, 0, 0)
    assert kpis.publish(GENRE_KPIS, DATE, rows, lease) == Counts(0, 0, 3)
    changed = [genre_row("a", average=0.1), genre_row("b", note=None), genre_row("d")]
    assert kpis.publish(GENRE_KPIS, DATE, changed, lease) == Counts(2, 1, 1)
    items = {item["genre"]["S"]: item for item in items_of(dynamodb, prefix, GENRE_KPIS)}
    assert sorted(items) == ["a", "b", "d"]
    assert items["a"]["average"] == {"N": "0.1"}
    assert "note" not in items["b"]
    assert list(kpis.dates(GENRE_KPIS)) == [DATE]
    assert kpis.publish(GENRE_KPIS, DATE, [], lease) == Counts(0, 3, 0)
    assert list(kpis.dates(GENRE_KPIS)) == []


@pytest.mark.parametrize("count", [0, 2**53 + 1, 10**38 - 1, -(10**38) + 1, 12 * 10**30])
def test_integers_are_exact_to_the_last_digit(kpis, lease, dynamodb, prefix, count):
    rows = [genre_row(listen_count=count)]
    kpis.publish(GENRE_KPIS, DATE, rows, lease)
    assert kpis.publish(GENRE_KPIS, DATE, rows, lease) == Counts(0, 0, 1)
    (item,) = items_of(dynamodb, prefix, GENRE_KPIS)
    assert int(item["listen_count"]["N"]) == count


@pytest.mark.parametrize("average", [0.0, 1 / 3, 0.1 + 0.2, 1e21, 1.7e-7, 9.9e125, 1e-130, 2.0**70])
def test_doubles_are_the_same_when_they_come_again(kpis, lease, average):
    rows = [genre_row(average=average)]
    kpis.publish(GENRE_KPIS, DATE, rows, lease)
    assert kpis.publish(GENRE_KPIS, DATE, rows, lease) == Counts(0, 0, 1)


def test_numbers_may_be_keys(kpis, lease):
    rows = [{"date": DATE, "rank": rank, "genre": f"g{rank}"} for rank in range(1, 12)]
    assert kpis.publish(TOP_GENRES, DATE, rows, lease) == Counts(11, 0, 0)
    assert kpis.publish(TOP_GENRES, DATE, rows[:5], lease) == Counts(0, 6, 5)


def test_what_is_there_already_makes_no_write(kpis, lease, client):
    kpis.publish(TOP_SONGS, DATE, songs_of_a_day(1), lease)
    client.calls.clear()
    counts = kpis.publish(TOP_SONGS, DATE, reversed(songs_of_a_day(1)), lease)
    assert counts == Counts(0, 0, 240)
    assert client.calls == [("query", None)]


def test_writes_by_transactions_alone_each_with_the_fence_in_it(kpis, lease, client):
    kpis.publish(TOP_SONGS, DATE, songs_of_a_day(1), lease)
    assert {operation for operation, _ in client.calls} == {"query", "transact_write_items"}
    transactions = client.requests("transact_write_items")
    assert [len(each["TransactItems"]) for each in transactions] == [100, 100, 43]
    for each in transactions:
        check = each["TransactItems"][0]["ConditionCheck"]
        assert check["Key"]["id"] == {"S": "#fence"}
        assert check["ExpressionAttributeValues"] == {":token": {"N": str(lease.token)}}
        assert all("ConditionCheck" not in item for item in each["TransactItems"][1:])


def test_that_loses_its_lease_midway_leaves_every_list_whole(
    kpis, lease, client, others, clock, dynamodb, prefix
):
    kpis.publish(TOP_SONGS, DATE, songs_of_a_day(1), lease)
    client.calls.clear()

    def before(operation, count, _):
        if operation == "transact_write_items" and count == 2:
            clock.advance(minutes=1)
            others.acquire("another", 30)

    client.before = before
    with pytest.raises(ToplineError) as raised:
        kpis.publish(TOP_SONGS, DATE, songs_of_a_day(2), lease)
    assert raised.value.code == "LEASE_LOST"
    lists = {}
    for item in items_of(dynamodb, prefix, TOP_SONGS):
        lists.setdefault(item["genre"]["S"], set()).add(item["listen_count"]["N"])
    assert all(len(counts) == 1 for counts in lists.values())
    assert sum(counts == {"2"} for counts in lists.values()) == 33

    clock.advance(minutes=1)
    client.before = lambda *_: None
    newest = others.acquire("a third", 30)
    counts = kpis.publish(TOP_SONGS, DATE, songs_of_a_day(2), newest)
    assert counts == Counts(141, 0, 99)


def test_a_transaction_that_is_throttled_is_tried_again(kpis, lease, client, clock):
    def before(operation, count, _):
        if operation == "transact_write_items" and count <= 2:
            raise cancelled("None", "ThrottlingError")

    client.before = before
    assert kpis.publish(GENRE_KPIS, DATE, [genre_row()], lease) == Counts(1, 0, 0)
    assert len(clock.slept) == 2


def test_a_list_that_does_not_fit_a_transaction_writes_nothing(kpis, lease, client):
    rows = [{"date": DATE, "rank": rank, "genre": "g"} for rank in range(100)]
    with pytest.raises(ToplineError) as raised:
        kpis.publish(TOP_GENRES, DATE, rows, lease)
    assert raised.value.code == "LIST_TOO_LARGE"
    assert client.requests("transact_write_items") == []
    assert list(kpis.dates(TOP_GENRES)) == []


def test_an_item_that_moves_from_one_list_to_another_binds_the_two(kpis, lease, client):
    mover = song_row("a", 0)
    one = [song_row("a", rank) for rank in range(1, 60)]
    kpis.publish(TOP_SONGS, DATE, [mover, *one], lease)
    moved = [mover | {"genre": "b"}]
    others = [song_row("b", rank) for rank in range(1, 41)]
    changed = [row | {"listen_count": 2} for row in one]
    client.calls.clear()
    with pytest.raises(ToplineError, match="100 changed items"):
        kpis.publish(TOP_SONGS, DATE, [*moved, *changed, *others], lease)
    assert client.requests("transact_write_items") == []
    counts = kpis.publish(TOP_SONGS, DATE, [*moved, *changed, *others[1:]], lease)
    assert counts == Counts(99, 0, 0)
    assert len(client.requests("transact_write_items")) == 1
