"""The run ledger in table `PIPELINE_RUNS`: what the job needs of it.

Every change is a transaction that the fence takes part in.
"""

from collections.abc import Mapping
from typing import Any

from botocore.client import BaseClient

from topline_glue.aws.attributes import attributes
from topline_glue.aws.fence import DEFAULT_PIPELINE, RUNS_TABLE, Fence
from topline_glue.aws.lease import LeaseDesk
from topline_glue.clock import SYSTEM_CLOCK, Clock
from topline_glue.model import Cursor, Lease

OPEN_ID = "#open"
PUBLISHED_ID = "#published"
RUN_PREFIX = "run#"


class RunLedger(LeaseDesk):
    """Who may work, what is open, what is published, and what has been done. One pipeline.

    Calls that take a lease change nothing once a newer one was given: they raise `LEASE_LOST`.
    """

    def __init__(
        self,
        client: BaseClient,
        prefix: str,
        pipeline: str = DEFAULT_PIPELINE,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        super().__init__(Fence(client, clock, prefix + RUNS_TABLE, pipeline))

    def open_run(self) -> str | None:
        """The run that must be finished before another begins."""
        found = self._read(OPEN_ID)
        return None if found is None else found.text("run_id")

    def move_cursor(self, cursor: Cursor, lease: Lease) -> None:
        self._put(PUBLISHED_ID, {"zone": cursor.zone, "plan_hash": cursor.plan_hash}, lease)

    def record(self, summary: Mapping[str, Any], lease: Lease) -> None:
        """Adds or replaces the run's summary, as `RunSummary` of `@topline/core` has its fields."""
        # Only a run's item has `started_at`: so the index on it lists runs and nothing else.
        self._put(RUN_PREFIX + summary["run_id"], summary, lease)

    def _put(self, item_id: str, values: Mapping[str, Any], lease: Lease) -> None:
        item = self._key(item_id) | attributes(values)
        self._fence.write(lease, [{"Put": {"TableName": self._fence.table, "Item": item}}])
