"""The lease (`#lease`: holder, token, expiry) and the fence (`#fence`: the newest token given).

The lease comes and goes; the fence stays, so that tokens grow whatever clocks say.
"""

import uuid
from dataclasses import dataclass, replace
from datetime import datetime

from topline_glue.aws.attributes import Attributes, attributes
from topline_glue.aws.dynamodb_faults import (
    cancellation_reasons,
    dynamodb_fault,
    is_condition_failed,
    is_conflict,
    lease_lost,
)
from topline_glue.aws.fence import FENCE_ID, Fence
from topline_glue.aws.retries import ATTEMPTS, pause_seconds, retrying
from topline_glue.clock import from_millis, to_iso, to_millis
from topline_glue.errors import ToplineError
from topline_glue.model import Lease

LEASE_ID = "#lease"


@dataclass(frozen=True)
class _State:
    lease: Lease | None
    taking: str | None
    """Which taking wrote the lease: two may have the same holder and token."""
    token: int | None


class LeaseDesk:
    """Gives the lease of one pipeline, and takes it back."""

    def __init__(self, fence: Fence) -> None:
        self._fence = fence

    def acquire(self, holder: str, seconds: float) -> Lease:
        """One transaction over lease and fence.

        Whatever its answer was, the lease is read back: an answer may have been lost, and then the
        lease that is found is the one that was being written.
        """
        clock = self._fence.clock
        state = self._read_state()
        attempt = 1
        while True:
            now = clock.now()
            _raise_if_held(state, now)
            lease = Lease(_next_token(state.token, now), holder, _expiry(now, seconds))
            taking = str(uuid.uuid4())
            try:
                self._take(lease, taking, state.token, now)
            except Exception as error:
                fault = dynamodb_fault(error, "TransactWriteItems", [self._fence.table])
                state = self._read_state_or(fault)
                if state.taking == taking:
                    return lease
                was_overtaken = "ConditionalCheckFailed" in (cancellation_reasons(error) or [])
                if was_overtaken:
                    _raise_if_held(state, clock.now())
                if attempt == ATTEMPTS:
                    raise (_overtaken() if was_overtaken else fault) from error
                if not was_overtaken and not is_conflict(error):
                    raise fault from error
            else:
                return lease
            clock.sleep(pause_seconds(attempt))
            state = self._read_state()
            attempt += 1

    def renew(self, lease: Lease, seconds: float) -> Lease:
        """Raises `LEASE_LOST`."""
        fence = self._fence
        expires_at = _expiry(fence.clock.now(), seconds)
        condition = self._is_mine(lease)
        values = condition.pop("ExpressionAttributeValues")

        def send() -> None:
            fence.client.update_item(
                TableName=fence.table,
                Key=self._key(LEASE_ID),
                UpdateExpression="SET expires_at = :expiry",
                ExpressionAttributeValues={**values, **attributes({":expiry": to_iso(expires_at)})},
                **condition,
            )

        try:
            retrying(fence.clock, is_conflict, send)
        except Exception as error:
            if is_condition_failed(error):
                raise lease_lost(lease) from error
            raise dynamodb_fault(error, "UpdateItem", [fence.table]) from error
        return replace(lease, expires_at=expires_at)

    def release(self, lease: Lease) -> None:
        """Ends the lease if it is still held; a lost one is already at its end."""
        fence = self._fence

        def send() -> None:
            fence.client.delete_item(
                TableName=fence.table, Key=self._key(LEASE_ID), **self._is_mine(lease)
            )

        try:
            retrying(fence.clock, is_conflict, send)
        except Exception as error:
            if is_condition_failed(error):
                return
            raise dynamodb_fault(error, "DeleteItem", [fence.table]) from error

    def verify(self, lease: Lease) -> None:
        """Raises `LEASE_LOST` when a newer lease was given."""
        if self._read_state().token != lease.token:
            raise lease_lost(lease)

    def _take(self, lease: Lease, taking: str, last: int | None, now: datetime) -> None:
        fence = self._fence
        is_last = {"ConditionExpression": "attribute_not_exists(id)"}
        if last is not None:
            is_last = {
                "ConditionExpression": "#token = :last",
                "ExpressionAttributeNames": {"#token": "token"},
                "ExpressionAttributeValues": attributes({":last": last}),
            }
        given = {
            "holder": lease.holder,
            "token": lease.token,
            "expires_at": to_iso(lease.expires_at),
            "taking": taking,
        }
        fence.client.transact_write_items(
            ClientRequestToken=taking,
            TransactItems=[
                {
                    "Put": {
                        "TableName": fence.table,
                        "Item": self._key(FENCE_ID) | attributes({"token": lease.token}),
                        **is_last,
                    }
                },
                {
                    "Put": {
                        "TableName": fence.table,
                        "Item": self._key(LEASE_ID) | attributes(given),
                        "ConditionExpression": "attribute_not_exists(id) OR expires_at <= :now",
                        "ExpressionAttributeValues": attributes({":now": to_iso(now)}),
                    }
                },
            ],
        )

    def _read_state(self) -> _State:
        lease, newest = self._read(LEASE_ID), self._read(FENCE_ID)
        return _State(
            token=newest and newest.integer("token"),
            taking=lease and lease.text("taking"),
            lease=lease
            and Lease(lease.integer("token"), lease.text("holder"), lease.time("expires_at")),
        )

    def _read_state_or(self, fault: ToplineError) -> _State:
        try:
            return self._read_state()
        except ToplineError as error:
            raise fault from error

    def _read(self, item_id: str) -> Attributes | None:
        fence = self._fence
        try:
            answer = fence.client.get_item(
                TableName=fence.table, Key=self._key(item_id), ConsistentRead=True
            )
        except Exception as error:
            raise dynamodb_fault(error, "GetItem", [fence.table]) from error
        item = answer.get("Item")
        return None if item is None else Attributes(item, f"{fence.table}, item {item_id}")

    def _key(self, item_id: str) -> dict:
        return attributes({"pipeline": self._fence.pipeline, "id": item_id})

    @staticmethod
    def _is_mine(lease: Lease) -> dict:
        return {
            "ConditionExpression": "#token = :token",
            "ExpressionAttributeNames": {"#token": "token"},
            "ExpressionAttributeValues": attributes({":token": lease.token}),
        }


def _expiry(now: datetime, seconds: float) -> datetime:
    return from_millis(to_millis(now) + round(seconds * 1_000))


def _next_token(last: int | None, now: datetime) -> int:
    epoch = to_millis(now)
    return last + 1 if last is not None and last >= epoch else epoch


def _raise_if_held(state: _State, now: datetime) -> None:
    """Raises `LEASE_HELD`."""
    lease = state.lease
    if lease is None or to_millis(lease.expires_at) <= to_millis(now):
        return
    raise ToplineError(
        "LEASE_HELD",
        f"The lease is held by {lease.holder} until {to_iso(lease.expires_at)}, unless it is "
        "renewed.",
    )


def _overtaken() -> ToplineError:
    return ToplineError(
        "LEASE_HELD",
        f"Others took the lease and let it go {ATTEMPTS} times while this process tried to. "
        "Try again.",
    )
