"""Writes that hold only while a lease is the newest."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from botocore.client import BaseClient

from topline_glue.aws.attributes import attributes
from topline_glue.aws.dynamodb_faults import (
    cancellation_reasons,
    dynamodb_fault,
    is_conflict,
    lease_lost,
)
from topline_glue.aws.retries import retrying
from topline_glue.clock import Clock
from topline_glue.model import Lease

FENCE_ID = "#fence"
DEFAULT_PIPELINE = "topline"
RUNS_TABLE = "PIPELINE_RUNS"

WRITES_PER_TRANSACTION = 99
"""DynamoDB takes 100 actions in a transaction; one is the fence's."""

Write = dict[str, dict[str, Any]]
"""`{"Put": {...}}` or `{"Delete": {...}}`, as `TransactWriteItems` takes it."""


@dataclass(frozen=True)
class Fence:
    """Where the fencing token of a pipeline is kept, and how to get there."""

    client: BaseClient
    clock: Clock
    table: str
    pipeline: str

    def write(self, lease: Lease, writes: Sequence[Write]) -> bool:
        """Writes all or nothing, and only while `lease` is the newest.

        Returns `False` when a condition of the writes' own did not hold. Raises `LEASE_LOST`,
        `STORE_UNAVAILABLE`, `STORE_REFUSED`.
        """
        items = [self._check(lease), *writes]

        def send() -> None:
            # The token makes botocore's repetition after a lost answer the same transaction.
            self.client.transact_write_items(
                TransactItems=items, ClientRequestToken=str(uuid.uuid4())
            )

        try:
            retrying(self.clock, is_conflict, send)
        except Exception as error:
            fence, *others = cancellation_reasons(error) or ["None"]
            if fence == "ConditionalCheckFailed":
                raise lease_lost(lease) from error
            if "ConditionalCheckFailed" in others:
                return False
            raise dynamodb_fault(error, "TransactWriteItems", _tables(items)) from error
        return True

    def _check(self, lease: Lease) -> Write:
        return {
            "ConditionCheck": {
                "TableName": self.table,
                "Key": attributes({"pipeline": self.pipeline, "id": FENCE_ID}),
                "ConditionExpression": "#token = :token",
                "ExpressionAttributeNames": {"#token": "token"},
                "ExpressionAttributeValues": attributes({":token": lease.token}),
            }
        }


def _tables(items: Sequence[Write]) -> list[str]:
    names = [action["TableName"] for item in items for action in item.values()]
    return list(dict.fromkeys(names))
