"""The changes of a date, packed into transactions."""

import random
from dataclasses import replace

import pytest

from topline_glue.aws.packing import Change, list_of, pack_transactions
from topline_glue.errors import ToplineError

from .tables import DATE, TOP_GENRES, TOP_SONGS


def change(at, *lists, size=100):
    return Change({"Delete": {"TableName": "TOP_SONGS", "Key": {"at": at}}}, lists, size)


def many(count, *lists, size=100):
    return [change(at, *lists, size=size) for at in range(count)]


def sizes(changes):
    return [len(writes) for writes in pack_transactions(TOP_SONGS, DATE, changes)]


@pytest.mark.parametrize("seed", range(20))
def test_every_change_is_in_one_transaction_and_no_list_is_in_two(seed):
    draw = random.Random(seed)
    changes = []
    for at in range(draw.randrange(300)):
        # Items move between the lists of a pair alone, so that what goes together fits.
        pair = 2 * draw.randrange(40)
        lists = [f"{pair}", f"{pair + 1}"] if draw.random() < 0.2 else [f"{pair}"]
        changes.append(change(at, *lists, size=draw.choice([100, 30_000])))
    transactions = pack_transactions(TOP_SONGS, DATE, changes)
    placed = {id(write): place for place, writes in enumerate(transactions) for write in writes}
    assert len(placed) == len(changes) == sum(len(writes) for writes in transactions)
    places = {}
    for each in changes:
        for name in each.lists:
            places.setdefault(name, set()).add(placed[id(each.write)])
    assert all(len(found) == 1 for found in places.values())
    assert all(len(writes) <= 99 for writes in transactions)
    for place in range(len(transactions)):
        packed = [each.bytes for each in changes if placed[id(each.write)] == place]
        assert sum(packed) <= 3_500_000


def test_99_changes_of_a_list_go_together_and_100_do_not():
    assert sizes(many(99, "a")) == [99]
    with pytest.raises(
        ToplineError,
        match=r"TOP_SONGS, date 2024-06-25: the list with \(genre\) = a"
        r" has 100 changed items of 10000 bytes",
    ) as raised:
        sizes(many(100, "a"))
    assert raised.value.code == "LIST_TOO_LARGE"


def test_a_date_that_is_one_list_is_refused_as_such():
    with pytest.raises(ToplineError, match="the date's one list has 100"):
        pack_transactions(TOP_GENRES, DATE, many(100, "[]"))


def test_a_list_beyond_the_bytes_of_a_transaction_is_refused():
    assert sizes(many(10, "a", size=350_000)) == [10]
    with pytest.raises(ToplineError, match="3500010 bytes"):
        sizes(many(10, "a", size=350_001))


def test_transactions_are_filled():
    assert sizes([change(at, f"{at}") for at in range(198)]) == [99, 99]


def test_lists_between_which_an_item_moves_go_together_through_others_too():
    chain = [
        *many(40, "a"),
        *many(40, "c"),
        change(1_000, "b", "c"),
        *many(19, "b"),
        change(1_001, "a", "b"),
    ]
    assert sizes(chain[:-1]) == [40, 60]
    with pytest.raises(ToplineError, match="101 changed items"):
        sizes(chain)


def test_no_changes_make_no_transaction():
    assert sizes([]) == []


def test_a_list_is_known_by_its_values_and_their_types():
    table = replace(TOP_SONGS, list=["a", "b"])
    rows = [
        {"a": "1", "b": "x"},
        {"a": 1, "b": "x"},
        {"a": 1.0, "b": "x"},
        {"a": None, "b": "x"},
        {"a": "", "b": "x"},
        {"a": "null", "b": "x"},
        {"a": '1","x', "b": ""},
    ]
    assert len({list_of(table, row) for row in rows}) == len(rows)
    assert list_of(table, {"b": "x"}) == list_of(table, {"a": None, "b": "x"})
    assert list_of(table, {"a": 5, "b": "é"}) == '[["bigint","5"],["string","é"]]'
