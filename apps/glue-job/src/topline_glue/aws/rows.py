"""Rows as items and back.

The types are the columns': DynamoDB has one kind of number, Topline two. What is absent (`None`)
is no attribute.
"""

from collections.abc import Mapping
from typing import Any, Final

from topline_glue.aws.attributes import Item, integer_of
from topline_glue.model import KpiRow, KpiValue
from topline_glue.plan import TableSpec


class _Unreadable:
    """Stands for an attribute that is not of its column's type; equals no value."""


UNREADABLE: Final = _Unreadable()


def read_value(column_type: str, attribute: Mapping[str, Any] | None) -> KpiValue | _Unreadable:
    """Of an attribute; `None` where it is absent."""
    if attribute is None:
        return None
    if column_type == "string":
        return attribute.get("S", UNREADABLE)
    digits = attribute.get("N")
    if digits is None:
        return UNREADABLE
    if column_type == "double":
        return float(digits)
    found = integer_of(digits)
    return UNREADABLE if found is None else found


def is_item_of(table: TableSpec, row: KpiRow, item: Item) -> bool:
    """Whether the item says what the row says, no more and no less. `row` holds no `None`."""
    return len(item) == len(row) and all(
        read_value(column.type, item.get(column.name)) == row.get(column.name)
        for column in table.columns
    )


def utf8_length(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))


def item_bytes(item: Item) -> int:
    """DynamoDB's size of an item, or a little more."""
    return 100 + sum(
        utf8_length(name) + (utf8_length(value["S"]) if "S" in value else 24)
        for name, value in item.items()
    )
