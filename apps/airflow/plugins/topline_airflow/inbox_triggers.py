"""Who looks at the inbox while no task runs: a watcher for the schedule, a trigger for a sensor."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from airflow.triggers.base import BaseEventTrigger, BaseTrigger, TriggerEvent

from topline_airflow.inbox import (
    LOOKED_AT,
    Arrival,
    fingerprint,
    list_inbox_async,
    listing_client,
)

LONGEST_PAUSE = 300.0

PATIENCE = 15
"""After so many looks at an inbox that no run has looked at, it is told of once more."""


class _InboxPoll(BaseTrigger):
    """Looks again and again, whatever happens: a listing that fails is told, and tried later."""

    def __init__(self, bucket: str, poll_seconds: float, aws_conn_id: str) -> None:
        super().__init__()
        self.bucket = bucket
        self.poll_seconds = poll_seconds
        self.aws_conn_id = aws_conn_id

    def serialize(self) -> tuple[str, dict[str, Any]]:
        kind = type(self)
        return (
            f"{kind.__module__}.{kind.__qualname__}",
            {
                "bucket": self.bucket,
                "poll_seconds": self.poll_seconds,
                "aws_conn_id": self.aws_conn_id,
            },
        )

    async def looks(self) -> AsyncIterator[frozenset[Arrival]]:
        failures = 0
        while True:
            try:
                async with await listing_client(self.aws_conn_id) as client:
                    while True:
                        found = await list_inbox_async(client, self.bucket)
                        failures = 0
                        yield found
                        await asyncio.sleep(self.poll_seconds)
            except Exception as error:  # whatever it is, the next look may succeed
                failures += 1
                pause = min(self.poll_seconds * 2**failures, LONGEST_PAUSE)
                self.log.warning(
                    "The inbox of %s could not be listed (%d in a row); next look in %.0f s: %s",
                    self.bucket,
                    failures,
                    pause,
                    error,
                )
                await asyncio.sleep(pause)


class InboxTrigger(_InboxPoll, BaseEventTrigger):
    """Fires when something has arrived since it looked last, and never ends.

    What lies there and waits, or was not taken in, is no arrival; a file that is uploaded once more
    is one. A run keeps a fingerprint of what it has looked at in the asset's state. So another
    triggerer goes on from there; and an event that was lost (the DAG was paused in that moment, a
    triggerer ended with it) is made up for after a while.
    """

    async def run(self) -> AsyncIterator[TriggerEvent]:
        seen: frozenset[Arrival] | None = None
        patience = PATIENCE
        async for found in self.looks():
            if seen is None:
                is_new = bool(found) and fingerprint(found) != self._looked_at()
            else:
                is_new = bool(found - seen)
            seen = found
            patience -= 1
            if not is_new and patience <= 0:
                patience = PATIENCE
                is_new = bool(found) and self._is_overlooked(found)
            if is_new:
                patience = PATIENCE
                yield TriggerEvent({"files": len(found), "fingerprint": fingerprint(found)})

    def _is_overlooked(self, found: frozenset[Arrival]) -> bool:
        looked_at = self._looked_at()
        return looked_at is not None and looked_at != fingerprint(found)

    def _looked_at(self) -> str | None:
        if self.asset_state_store is None:
            return None
        try:
            return self.asset_state_store.get(LOOKED_AT)
        except Exception as error:  # the listing counts then
            self.log.warning("What runs have seen of the inbox is not known: %s", error)
            return None


class FilesTrigger(_InboxPoll):
    """Fires once, as soon as there is anything in the inbox."""

    async def run(self) -> AsyncIterator[TriggerEvent]:
        async for found in self.looks():
            if found:
                yield TriggerEvent({"files": len(found), "fingerprint": fingerprint(found)})
                return
