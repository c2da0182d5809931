"""The lease is kept while the step works, and its loss ends the work early."""

import threading

import pytest

from topline_glue.errors import ToplineError
from topline_glue.step.lease import holding_lease

from .fakes import World

PATIENCE = 10


def test_it_is_renewed_again_and_again_also_after_a_renewal_that_failed(world: World) -> None:
    renewed = threading.Semaphore(0)
    faults = [ToplineError("STORE_UNAVAILABLE", "throttled"), OSError("reset")]

    def renew(lease, seconds):
        renewed.release()
        if faults:
            raise faults.pop()
        return lease

    world.ledger.renew = renew  # type: ignore[method-assign]
    with holding_lease(world.context(lease_seconds=0.03)) as held:
        for _ in range(4):
            assert renewed.acquire(timeout=PATIENCE)
        held.raise_if_lost()
    assert faults == []
    assert world.ledger.held is None


def test_once_lost_the_work_is_cancelled_and_the_reason_is_the_loss(world: World) -> None:
    cancelled = threading.Event()

    def work() -> None:
        with holding_lease(world.context(lease_seconds=0.03)) as held:
            held.on_lost(cancelled.set)
            world.ledger.take_over()
            assert cancelled.wait(PATIENCE)
            raise RuntimeError("the job was cancelled")

    with pytest.raises(ToplineError) as failed:
        work()
    assert failed.value.code == "LEASE_LOST"
    assert world.ledger.held is not None
    assert world.ledger.held.holder == "another"
