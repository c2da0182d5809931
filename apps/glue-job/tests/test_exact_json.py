"""Integers of any size through JSON, as TypeScript writes them."""

import json

import pytest

from topline_glue.exact_json import to_integer, to_json


@pytest.mark.parametrize("value", [0, 1, 2**53 - 1, 2**53, 10**38 - 1])
def test_an_integer_comes_back_as_it_was(value: int) -> None:
    assert to_integer(json.loads(to_json({"n": value}))["n"]) == value


def test_beyond_what_a_double_holds_it_is_digits() -> None:
    assert to_json([2**53 - 1, 2**53, -(2**53)]) == (
        '[9007199254740991,"9007199254740992","-9007199254740992"]'
    )


@pytest.mark.parametrize("value", [True, None, 1.5, "", "1.5", "-1", "１"])
def test_what_is_no_count_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="is no integer"):
        to_integer(value)


def test_text_keeps_its_characters() -> None:
    assert to_json({"größe": "naïve 🎵"}, 2) == '{\n  "größe": "naïve 🎵"\n}'
