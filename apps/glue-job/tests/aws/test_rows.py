"""Rows as items: exact to the digit, and refused where DynamoDB cannot hold them."""

import random
import struct

import pytest

from topline_glue.aws.attributes import attributes, double_text, integer_of
from topline_glue.aws.rows import is_item_of
from topline_glue.aws.valid_rows import valid_rows
from topline_glue.errors import ToplineError

from .tables import DATE, GENRE_KPIS, genre_row


@pytest.mark.parametrize(
    ("digits", "value"),
    [
        ("0", 0),
        ("-0", 0),
        ("12", 12),
        ("-12.00", -12),
        ("1.2e1", 12),
        ("1E+2", 100),
        ("1200e-2", 12),
        ("9" * 38, 10**38 - 1),
        ("0.00e-5", 0),
        ("1.5", None),
        ("1e-1", None),
        ("", None),
        ("NaN", None),
        ("Infinity", None),
        ("0x10", None),
        (" 1", None),
        ("1\n", None),
    ],
)
def test_integers_are_read_from_every_way_of_writing_a_decimal(digits, value):
    assert integer_of(digits) == value


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (-0.0, "0"),
        (700_000.0, "700000"),
        (0.1, "0.1"),
        (-1.5, "-1.5"),
        (1e16, "10000000000000000"),
        (1.2345678901234567e20, "123456789012345670000"),
        (1e21, "1e+21"),
        (1.5e300, "1.5e+300"),
        (0.000001, "0.000001"),
        (1e-7, "1e-7"),
        (1.25e-7, "1.25e-7"),
        (5e-324, "5e-324"),
        (1 / 3, "0.3333333333333333"),
        (0.1 + 0.2, "0.30000000000000004"),
        (2.0**53, "9007199254740992"),
    ],
)
def test_a_double_is_spelled_as_javascript_spells_it(value, text):
    assert double_text(value) == text


@pytest.mark.parametrize("seed", range(5))
def test_the_text_of_a_double_reads_as_the_same_double(seed):
    draw = random.Random(seed)
    for _ in range(2_000):
        value = struct.unpack("d", draw.randbytes(8))[0]
        if value - value == 0:
            assert float(double_text(value)) == value


def test_an_item_with_one_attribute_more_less_or_of_another_type_is_not_the_rows():
    row = {"date": DATE, "genre": "pop", "listen_count": 5, "average": 2.0}
    item = attributes(row)
    assert is_item_of(GENRE_KPIS, row, item)
    assert is_item_of(GENRE_KPIS, row, item | {"listen_count": {"N": "5.0"}})
    for other in [
        {name: value for name, value in item.items() if name != "average"},
        item | {"foreign": {"S": "x"}},
        item | {"listen_count": {"S": "5"}},
        item | {"listen_count": {"N": "5.5"}},
        item | {"listen_count": {"NULL": True}},
        item | {"genre": {"N": "5"}},
        item | {"average": {"N": "2.0000000000000004"}},
    ]:
        assert not is_item_of(GENRE_KPIS, row, other)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (genre_row(""), "genre is empty"),
        (genre_row(None), "genre is absent"),
        (genre_row("é" * 1_025), "genre has 2050 bytes.* 1024"),
        (genre_row(date="2024-06-26"), '"2024-06-26", not the one being published'),
        (genre_row(other="x"), "column other is not in the table's spec"),
        (genre_row(listen_count="5"), 'listen_count is "5", not an integer'),
        (genre_row(listen_count=5.0), "listen_count is 5, not an integer"),
        (genre_row(listen_count=True), "listen_count is True, not an integer"),
        (genre_row(average=5), "average is 5, not a double"),
        (genre_row(note=5), "note is 5, not text"),
        (genre_row(listen_count=-(10**38)), "listen_count has 39 digits"),
        (genre_row(average=float("nan")), "average is NaN"),
        (genre_row(average=float("-inf")), "average is -Infinity"),
        (genre_row(average=1e126), r"average is 1e\+126"),
        (genre_row(average=1e-131), "average is 1e-131"),
        (genre_row(note="\ud83c"), "note holds half a surrogate pair"),
        (genre_row(note="x" * 400_000), "400 KB"),
    ],
)
def test_a_row_that_the_table_cannot_hold_is_refused(row, message):
    with pytest.raises(ToplineError, match=message) as raised:
        valid_rows(GENRE_KPIS, DATE, [genre_row("good"), row])
    assert raised.value.code == "RELATION_INVALID"


def test_a_row_at_the_limits_is_not():
    row = genre_row("é" * 512, listen_count=10**38 - 1, average=1e-130, note="x" * 390_000)
    assert valid_rows(GENRE_KPIS, DATE, [row]) == {row["genre"]: row}


def test_what_is_absent_goes_and_negative_zero_is_zero():
    (row,) = valid_rows(GENRE_KPIS, DATE, [genre_row(note=None, average=-0.0)]).values()
    assert row == {"date": DATE, "genre": "pop", "listen_count": 7, "average": 0.0}
    assert str(row["average"]) == "0.0"


def test_two_rows_of_one_key_are_refused():
    with pytest.raises(ToplineError, match='GENRE_KPIS, date 2024-06-25, genre "pop"') as raised:
        valid_rows(GENRE_KPIS, DATE, [genre_row(), genre_row("rock"), genre_row()])
    assert raised.value.code == "DUPLICATE_KEY"
