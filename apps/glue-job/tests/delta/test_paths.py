"""A data file's path in the log, and in the bucket."""

import pytest

from topline_glue.delta.paths import from_log_path, to_log_path
from topline_glue.errors import ToplineError


@pytest.mark.parametrize(
    ("path", "log_path"),
    [
        ("date=2024-06-25/a-1_2.~b.parquet", "date=2024-06-25/a-1_2.~b.parquet"),
        ("a b.parquet", "a%20b.parquet"),
        ("100%.parquet", "100%25.parquet"),
        ("a%20b.parquet", "a%2520b.parquet"),
        ("a+b&c.parquet", "a%2Bb%26c.parquet"),
        ("a:b?c#d.parquet", "a%3Ab%3Fc%23d.parquet"),
        ("!*'().parquet", "!*'().parquet"),
        ('"$,;@[]^`{|}<>\\.parquet', "%22%24%2C%3B%40%5B%5D%5E%60%7B%7C%7D%3C%3E%5C.parquet"),
        ("é.parquet", "%C3%A9.parquet"),
        ("日本/😀.parquet", "%E6%97%A5%E6%9C%AC/%F0%9F%98%80.parquet"),
    ],
)
def test_is_encoded_once(path, log_path):
    assert to_log_path(path) == log_path
    assert from_log_path(log_path) == path


def test_that_others_encoded_otherwise_decodes_to_the_same():
    assert from_log_path("date%3D2024-06-25/%61+é.parquet") == "date=2024-06-25/a+é.parquet"


@pytest.mark.parametrize(
    "log_path",
    ["", "/a.parquet", "s3://bucket/a.parquet", "file:/a.parquet", "a%2.parquet", "a%", "%FF"],
)
def test_that_leads_out_of_the_folder_or_is_damaged_is_none(log_path):
    assert from_log_path(log_path) is None


def test_cannot_hold_half_a_character():
    with pytest.raises(ToplineError, match="well-formed") as raised:
        to_log_path("a\ud800.parquet")
    assert raised.value.code == "INTERNAL"
