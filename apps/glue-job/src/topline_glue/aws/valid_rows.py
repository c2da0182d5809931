"""Rows that DynamoDB can keep; the others are refused before anything of their date is written."""

import json
from collections.abc import Callable, Iterable

from topline_glue.aws.attributes import attributes, double_text
from topline_glue.aws.rows import item_bytes, utf8_length
from topline_glue.errors import ToplineError
from topline_glue.model import KpiRow, KpiValue
from topline_glue.plan import Column, TableSpec

# DynamoDB's limits, in bytes.
_PARTITION_KEY_BYTES = 2_048
_SORT_KEY_BYTES = 1_024
_ITEM_BYTES = 400_000
# DynamoDB's numbers have 38 digits; magnitudes from 1E-130 to under 1E+126.
_INTEGER_LIMIT = 10**38
_LEAST_DOUBLE = 1e-130
_DOUBLE_LIMIT = 1e126


def valid_rows(table: TableSpec, date: str, rows: Iterable[KpiRow]) -> dict[KpiValue, KpiRow]:
    """The rows of a date as DynamoDB can keep them, without `None`, by sort key.

    Raises `DUPLICATE_KEY`; `RELATION_INVALID` for a row that is no item of the table.
    """
    by_key: dict[KpiValue, KpiRow] = {}
    for given in rows:
        row = _valid_row(table, date, given)
        key = row[table.sort_key]
        if key in by_key:
            raise ToplineError(
                "DUPLICATE_KEY",
                f"Relation {table.relation} has two rows for {table.name}, date {date}, "
                f"{table.sort_key} {_show(key)}. Nothing of the date was written. Each row of a "
                "relation must have a key of its own.",
            )
        by_key[key] = row
    return by_key


def _valid_row(table: TableSpec, date: str, given: KpiRow) -> KpiRow:
    def invalid(what: str) -> ToplineError:
        return ToplineError(
            "RELATION_INVALID",
            f"Relation {table.relation} yields a row that {table.name} cannot hold (date {date}, "
            f"{table.sort_key} {_show(given.get(table.sort_key))}): {what}. Nothing of the date "
            "was written.",
        )

    known = {column.name for column in table.columns}
    for name in given:
        if name not in known:
            raise invalid(f"column {name} is not in the table's spec")
    if given.get("date") != date:
        raise invalid(f"its date is {_show(given.get('date'))}, not the one being published")
    row: dict[str, KpiValue] = {}
    for column in table.columns:
        value = given.get(column.name)
        fault = _fault_of_value(column, value) or _fault_of_key(table, column.name, value)
        if fault is not None:
            raise invalid(f"{column.name} {fault}")
        if value is not None:
            # Zero has no sign in DynamoDB.
            row[column.name] = 0.0 if isinstance(value, float) and value == 0 else value
    if item_bytes(attributes(row)) > _ITEM_BYTES:
        raise invalid("it is larger than an item may be, 400 KB")
    return row


def _fault_of_value(column: Column, value: KpiValue) -> str | None:
    return None if value is None else _FAULTS[column.type](value)


def _fault_of_text(value: KpiValue) -> str | None:
    if not isinstance(value, str):
        return f"is {_show(value)}, not text"
    try:
        value.encode()
    except UnicodeEncodeError:
        return "holds half a surrogate pair, which is no text"
    return None


def _fault_of_integer(value: KpiValue) -> str | None:
    if not isinstance(value, int) or isinstance(value, bool):
        return f"is {_show(value)}, not an integer"
    if abs(value) < _INTEGER_LIMIT:
        return None
    return f"has {len(str(abs(value)))} digits; DynamoDB keeps 38"


def _fault_of_double(value: KpiValue) -> str | None:
    if not isinstance(value, float):
        return f"is {_show(value)}, not a double"
    size = abs(value)
    if size == 0 or _LEAST_DOUBLE <= size < _DOUBLE_LIMIT:
        return None
    return f"is {_show(value)}; DynamoDB keeps magnitudes from 1E-130 to 1E+126"


_FAULTS: dict[str, Callable[[KpiValue], str | None]] = {
    "string": _fault_of_text,
    "integer": _fault_of_integer,
    "double": _fault_of_double,
}


def _fault_of_key(table: TableSpec, name: str, value: KpiValue) -> str | None:
    """Keys of the table and of its indexes; an item without an index's key is not in that index."""
    is_sort_key = name == table.sort_key
    if value is None:
        return "is absent, and it is the sort key" if is_sort_key else None
    if not isinstance(value, str):
        return None
    is_partition_key = name in ["date", *(index.partition_key for index in table.indexes)]
    sorts = is_sort_key or name in [index.sort_key for index in table.indexes]
    if not is_partition_key and not sorts:
        return None
    if value == "":
        return "is empty, and it is part of a key"
    limit = _SORT_KEY_BYTES if sorts else _PARTITION_KEY_BYTES
    size = utf8_length(value)
    if size <= limit:
        return None
    return f"has {size} bytes in UTF-8, and as part of a key may have {limit}"


def _show(value: KpiValue) -> str:
    if value is None:
        return "null"
    if isinstance(value, str):
        return json.dumps(value if len(value) <= 80 else f"{value[:80]}…", ensure_ascii=False)
    if isinstance(value, float):
        return _show_double(value)
    return str(value)


def _show_double(value: float) -> str:
    names = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}
    return names.get(repr(value)) or double_text(value)
