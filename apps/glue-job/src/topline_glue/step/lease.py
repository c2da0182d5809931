"""The lease while the step works: taken, renewed at a third of its life, released at the end."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from topline_glue.errors import ToplineError
from topline_glue.model import Lease
from topline_glue.step.context import Context

_WAIT_SECONDS = 1.0
"""Longest pause between two looks at a lease that another holds."""


class HeldLease:
    def __init__(self, context: Context, lease: Lease) -> None:
        self.lease = lease
        self._context = context
        self._lost: BaseException | None = None
        self._over = threading.Event()
        self._on_lost: Callable[[], None] = lambda: None
        self._renewing = threading.Thread(target=self._keep_renewed, name="lease", daemon=True)
        self._renewing.start()

    def on_lost(self, callback: Callable[[], None]) -> None:
        """Called, from another thread, once the lease is lost: ends work that would be in vain."""
        self._on_lost = callback

    def raise_if_lost(self) -> None:
        """Raises `LEASE_LOST` as far as it is known here."""
        if self._lost is not None:
            raise self._lost

    def verify(self) -> None:
        """Asks the ledger: before each change that the store does not fence. `LEASE_LOST`."""
        self.raise_if_lost()
        self._context.ledger.verify(self.lease)

    def explain(self, error: BaseException) -> BaseException:
        """What a fault of the work came from.

        Where the lease was lost, that is the loss, whatever it looked like: what is not there any
        more was tidied up by the one who works now. To be asked before a failure is written down
        where nothing fences the writing.
        """
        if self._lost is not None or ToplineError.has_code(error, "LEASE_LOST"):
            return self._lost or error
        try:
            self._context.ledger.verify(self.lease)
        except ToplineError as loss:
            if loss.code == "LEASE_LOST":
                return loss
        return error

    def end(self) -> None:
        self._over.set()
        self._renewing.join()
        try:
            self._context.ledger.release(self.lease)
        except ToplineError as error:
            self._context.logger.warning(
                "The lease could not be released; it ends by itself", error=str(error)
            )

    def _keep_renewed(self) -> None:
        seconds = self._context.lease_seconds
        lease = self.lease
        while not self._over.wait(seconds / 3):
            try:
                lease = self._context.ledger.renew(lease, seconds)
            except ToplineError as error:
                if error.code == "LEASE_LOST":
                    self._lost = error
                    self._on_lost()
                    return
                self._warn(error)
            except Exception as error:
                # Whatever it was, the thread must go on: the lease may be renewed next time.
                self._warn(error)

    def _warn(self, error: Exception) -> None:
        self._context.logger.warning(
            "The lease could not be renewed; trying again", error=str(error)
        )


@contextmanager
def holding_lease(context: Context) -> Iterator[HeldLease]:
    """What keeps a holder that was paused beyond its lease from doing harm is the fencing token."""
    held = HeldLease(context, _take(context))
    try:
        yield held
    except Exception:
        # What was torn down because the lease was lost fails in many ways; the reason is the loss.
        held.raise_if_lost()
        raise
    finally:
        held.end()


def _take(context: Context) -> Lease:
    is_told = False
    while True:
        try:
            return context.ledger.acquire(context.holder, context.lease_seconds)
        except ToplineError as error:
            if error.code != "LEASE_HELD" or not context.waits_for_lease:
                raise
            if not is_told:
                context.logger.warning(f"Waiting. {error.message}")
            is_told = True
            context.clock.sleep(_WAIT_SECONDS)
