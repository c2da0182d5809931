"""The changes of a date, packed into transactions."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from topline_glue.aws.attributes import double_text
from topline_glue.aws.fence import WRITES_PER_TRANSACTION, Write
from topline_glue.errors import ToplineError
from topline_glue.model import KpiValue
from topline_glue.plan import TableSpec

BYTES_PER_TRANSACTION = 3_500_000
"""DynamoDB takes 4 MB in a transaction."""


@dataclass(frozen=True)
class Change:
    """One write of a date, and the lists that a reader would see change by it."""

    write: Write
    lists: Sequence[str]
    """One; two when an item moves from one list to another."""
    bytes: int


def list_of(table: TableSpec, row: Mapping[str, KpiValue]) -> str:
    """The list that a row belongs to, as text that no other list has."""
    values = [_typed(row.get(column)) for column in table.list]
    return json.dumps(values, separators=(",", ":"), ensure_ascii=False)


def pack_transactions(table: TableSpec, date: str, changes: Sequence[Change]) -> list[list[Write]]:
    """Splits the changes of a date into transactions, none of which holds a part of a list's.

    Raises `LIST_TOO_LARGE`.
    """
    transactions: list[list[Write]] = []
    current: list[Write] = []
    size = 0
    for group in _together(changes):
        more = sum(change.bytes for change in group)
        if len(group) > WRITES_PER_TRANSACTION or more > BYTES_PER_TRANSACTION:
            raise _too_large(table, date, group, more)
        if (
            len(current) + len(group) > WRITES_PER_TRANSACTION
            or size + more > BYTES_PER_TRANSACTION
        ):
            transactions.append(current)
            current, size = [], 0
        current.extend(change.write for change in group)
        size += more
    if current:
        transactions.append(current)
    return transactions


def _together(changes: Sequence[Change]) -> list[list[Change]]:
    """Groups of changes that share a list, directly or through others; by first appearance."""
    leaders: dict[str, str] = {}

    def leader_of(name: str) -> str:
        while name in leaders:
            name = leaders[name]
        return name

    for change in changes:
        first, *others = (leader_of(name) for name in change.lists)
        for other in others:
            if other != first:
                leaders[other] = first
    groups: dict[str, list[Change]] = {}
    for change in changes:
        groups.setdefault(leader_of(change.lists[0]), []).append(change)
    return list(groups.values())


def _typed(value: KpiValue) -> list[str]:
    """A value's type and text, by the names that TypeScript has for them."""
    if value is None:
        return ["object", "null"]
    if isinstance(value, str):
        return ["string", value]
    if isinstance(value, float):
        return ["number", double_text(value)]
    return ["bigint", str(value)]


def _too_large(table: TableSpec, date: str, group: Sequence[Change], size: int) -> ToplineError:
    what = "the date's one list"
    if table.list:
        what = f"the list with ({', '.join(table.list)}) = {group[0].lists[0]}"
    return ToplineError(
        "LIST_TOO_LARGE",
        f"{table.name}, date {date}: {what} has {len(group)} changed items of {size} bytes, and a "
        f"transaction takes {WRITES_PER_TRANSACTION} and {BYTES_PER_TRANSACTION} bytes. Nothing "
        "of the date was written. Make the relation yield fewer rows a list, or name columns in "
        "the table's `list` that split it.",
    )
