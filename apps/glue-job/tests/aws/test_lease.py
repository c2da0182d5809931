"""The lease over lines that lose answers, and among others who want it."""

import pytest

from topline_glue.aws import RunLedger
from topline_glue.aws.ledger import OPEN_ID
from topline_glue.errors import ToplineError
from topline_glue.model import Cursor

from .spied_client import cancelled, connection_closed

CURSOR = Cursor({"songs": 1, "users": 2, "streams": 3}, "a" * 64)


def lose(client, operation, times=1):
    def after(called, count, _):
        if called == operation and count <= times:
            raise connection_closed()

    client.after = after


def test_whoever_takes_it_holds_it_and_nobody_else_gets_it(ledger, others):
    lease = ledger.acquire("machine 1", 30)
    assert lease.token == int(ledger._fence.clock.now().timestamp() * 1000)
    ledger.verify(lease)
    with pytest.raises(ToplineError) as raised:
        others.acquire("machine 2", 30)
    assert raised.value.code == "LEASE_HELD"
    assert raised.value.message == (
        "The lease is held by machine 1 until 2024-06-26T00:00:30.000Z, unless it is renewed."
    )


def test_an_answer_that_was_lost_leaves_the_lease_with_whoever_took_it(client, ledger, others):
    lose(client, "transact_write_items")
    lease = ledger.acquire("a", 30)
    others.verify(lease)
    with pytest.raises(ToplineError, match="held by a"):
        others.acquire("b", 30)
    assert len(client.requests("transact_write_items")) == 1


def test_an_answer_that_was_lost_does_not_give_the_lease_of_a_namesake(client, ledger, others):
    def before(operation, count, _):
        # Both compute the same token and expiry: time stands still.
        if operation == "transact_write_items" and count == 1:
            others.acquire("a", 30)
            raise connection_closed()

    client.before = before
    with pytest.raises(ToplineError):
        ledger.acquire("a", 30)


def test_a_line_that_stays_broken_is_a_fault_that_passes(client, ledger):
    def before(*_):
        raise connection_closed()

    client.before = before
    with pytest.raises(ToplineError) as raised:
        ledger.acquire("a", 30)
    assert raised.value.code == "STORE_UNAVAILABLE"
    assert raised.value.is_retryable


def test_a_lease_that_is_renewed_at_the_last_moment_is_not_taken(client, ledger, others, clock):
    lease = others.acquire("a", 30)
    clock.advance(seconds=30)

    def before(operation, *_):
        if operation == "transact_write_items":
            others.renew(lease, 30)

    client.before = before
    with pytest.raises(ToplineError) as raised:
        ledger.acquire("b", 30)
    assert raised.value.code == "LEASE_HELD"
    others.verify(lease)


def test_tokens_grow_also_when_the_clock_goes_back(ledger, clock):
    last = 0
    for hours in [0, 1, -2, 0, 5]:
        clock.advance(hours=hours)
        lease = ledger.acquire("a", 30)
        assert lease.token > last
        last = lease.token
        ledger.release(lease)


def test_one_that_was_overtaken_changes_nothing_more(ledger, others, clock):
    old = ledger.acquire("old", 30)
    clock.advance(seconds=30)
    newest = others.acquire("new", 30)
    for change in [
        lambda: ledger.verify(old),
        lambda: ledger.renew(old, 30),
        lambda: ledger.move_cursor(CURSOR, old),
        lambda: ledger.record({"run_id": "r", "sources": 1, "error": None}, old),
    ]:
        with pytest.raises(ToplineError, match=rf"Lease {old.token} of old") as raised:
            change()
        assert raised.value.code == "LEASE_LOST"
        assert raised.value.is_retryable
    ledger.release(old)
    others.verify(newest)
    with pytest.raises(ToplineError, match="held by new"):
        ledger.acquire("old", 30)


def test_a_transaction_that_meets_another_is_tried_again(client, ledger, clock):
    def before(operation, count, _):
        if operation == "transact_write_items" and count <= 3:
            raise cancelled("TransactionConflict", "None")

    client.before = before
    ledger.verify(ledger.acquire("a", 30))
    assert len(clock.slept) == 3
    assert all(0 <= slept <= 0.025 * 2**at for at, slept in enumerate(clock.slept))


def test_a_transaction_that_meets_others_without_end_is_given_up(client, ledger):
    def before(operation, *_):
        if operation == "transact_write_items":
            raise cancelled("TransactionConflict", "None")

    client.before = before
    with pytest.raises(ToplineError) as raised:
        ledger.acquire("a", 30)
    assert raised.value.code == "STORE_UNAVAILABLE"
    assert len(client.requests("transact_write_items")) == 10


def test_an_item_that_was_damaged_is_told(ledger, dynamodb, prefix):
    key = {"pipeline": {"S": "topline"}, "id": {"S": OPEN_ID}}
    dynamodb.put_item(TableName=f"{prefix}PIPELINE_RUNS", Item={**key, "run_id": {"N": "5"}})
    with pytest.raises(ToplineError, match=r"item #open: expected text in .*, found 5") as raised:
        ledger.open_run()
    assert raised.value.code == "STATE_CORRUPT"


def test_tables_that_are_not_there_are_a_fault_that_does_not_pass(dynamodb, clock):
    with pytest.raises(ToplineError, match="nobody-PIPELINE_RUNS does not exist") as raised:
        RunLedger(dynamodb, "nobody-", clock=clock).acquire("a", 30)
    assert raised.value.code == "STORE_REFUSED"
