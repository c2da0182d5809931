"""The KPI tables in DynamoDB, fenced by the run ledger under the same prefix."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from botocore.client import BaseClient

from topline_glue.aws.attributes import Item, attributes
from topline_glue.aws.dynamodb_faults import dynamodb_fault
from topline_glue.aws.fence import DEFAULT_PIPELINE, RUNS_TABLE, Fence
from topline_glue.aws.packing import Change, list_of, pack_transactions
from topline_glue.aws.rows import UNREADABLE, is_item_of, item_bytes, read_value
from topline_glue.aws.valid_rows import valid_rows
from topline_glue.clock import SYSTEM_CLOCK, Clock
from topline_glue.model import Counts, KpiRow, KpiValue, Lease
from topline_glue.plan import TableSpec


class KpiStore:
    """Reads are strongly consistent."""

    def __init__(
        self,
        client: BaseClient,
        prefix: str,
        pipeline: str = DEFAULT_PIPELINE,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        self._client = client
        self._prefix = prefix
        self._fence = Fence(client, clock, prefix + RUNS_TABLE, pipeline)

    def dates(self, table: TableSpec) -> Iterator[str]:
        """The dates that have items, each once."""
        seen = set()
        scan = self._items(
            "Scan",
            TableName=self._prefix + table.name,
            ProjectionExpression="#date",
            ExpressionAttributeNames={"#date": "date"},
        )
        for item in scan:
            date = item["date"]["S"]
            if date not in seen:
                seen.add(date)
                yield date

    def publish(self, table: TableSpec, date: str, rows: Iterable[KpiRow], lease: Lease) -> Counts:
        """Makes the items of a date exactly `rows`: writes what differs and nothing else.

        In transactions that hold only while `lease` is the newest; a list (`table.list`) is never
        published in parts. Raises `LEASE_LOST`; `DUPLICATE_KEY`; `LIST_TOO_LARGE`;
        `RELATION_INVALID`.
        """
        name = self._prefix + table.name
        wanted = valid_rows(table, date, rows)
        present = self._items(
            "Query",
            TableName=name,
            KeyConditionExpression="#date = :date",
            ExpressionAttributeNames={"#date": "date"},
            ExpressionAttributeValues=attributes({":date": date}),
        )
        difference = _compare(table, name, wanted, present)
        for writes in pack_transactions(table, date, difference.changes):
            self._fence.write(lease, writes)
        return difference.counts

    def _items(self, operation: str, **request: Any) -> Iterator[Item]:
        pages = self._client.get_paginator(operation.lower()).paginate(
            **request, ConsistentRead=True
        )
        try:
            for page in pages:
                yield from page.get("Items", [])
        except Exception as error:
            raise dynamodb_fault(error, operation, [request["TableName"]]) from error


@dataclass(frozen=True)
class _Difference:
    changes: Sequence[Change]
    counts: Counts


def _compare(
    table: TableSpec, name: str, wanted: Mapping[KpiValue, KpiRow], items: Iterable[Item]
) -> _Difference:
    """What must be written so that the items of a date are exactly `wanted`."""
    types = {column.name: column.type for column in table.columns}

    def value_of(item: Item, column: str) -> KpiValue:
        value = read_value(types.get(column, "string"), item.get(column))
        return None if value is UNREADABLE else value

    def list_of_item(item: Item) -> str:
        return list_of(table, {column: value_of(item, column) for column in table.list})

    present = {value_of(item, table.sort_key): item for item in items}
    changes: list[Change] = []
    for key, row in wanted.items():
        old = present.get(key)
        if old is not None and is_item_of(table, row, old):
            continue
        item = attributes(row)
        lists = [list_of(table, row)]
        if old is not None:
            lists.append(list_of_item(old))
        write = {"Put": {"TableName": name, "Item": item}}
        changes.append(Change(write, list(dict.fromkeys(lists)), item_bytes(item)))
    put = len(changes)
    for key, item in present.items():
        if key in wanted:
            continue
        item_key = {"date": item["date"], table.sort_key: item[table.sort_key]}
        write = {"Delete": {"TableName": name, "Key": item_key}}
        changes.append(Change(write, [list_of_item(item)], item_bytes(item)))
    return _Difference(changes, Counts(put, len(changes) - put, len(wanted) - put))
