"""Every fault that the job raises, by code: the codes of `@topline/core`, with the same meaning."""

_RETRYABLE = {
    "CONFIG_INVALID": False,
    "RUN_NOT_FOUND": False,
    "STEP_OUT_OF_ORDER": False,
    "RUN_NOT_OPEN": False,
    "LEASE_HELD": True,
    "LEASE_LOST": True,
    "STATE_CORRUPT": False,
    "OBJECT_NOT_FOUND": False,
    "OBJECT_EXISTS": False,
    "OBJECT_CHANGED": False,
    "STORE_UNAVAILABLE": True,
    "STORE_REFUSED": False,
    "VERSION_UNREADABLE": False,
    "AUDIT_FAILED": False,
    "LIST_TOO_LARGE": False,
    "DUPLICATE_KEY": False,
    "RELATION_INVALID": False,
    "ENGINE_FAILED": False,
    "CANCELLED": True,
    "INTERNAL": False,
}


class ToplineError(Exception):
    """A fault: what was expected, what was found, where, and what to do next.

    Its text is `<CODE>: <message>`, which Glue keeps as the job run's `ErrorMessage`.
    """

    def __init__(self, code: str, message: str, *, is_retryable: bool | None = None) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.is_retryable = _RETRYABLE[code] if is_retryable is None else is_retryable

    @staticmethod
    def has_code(error: BaseException | None, *codes: str) -> bool:
        return isinstance(error, ToplineError) and error.code in codes


class Cancelled(BaseException):
    """The caller gave up. No handler of faults on the way takes it for one."""


def cancelled() -> ToplineError:
    return ToplineError("CANCELLED", "The work was cancelled; run it again to finish it.")


def to_fault(error: BaseException) -> dict[str, object]:
    """A fault as reports hold it; one that is not Topline's becomes `INTERNAL`."""
    if isinstance(error, Cancelled):
        error = cancelled()
    if isinstance(error, ToplineError):
        code, message, retryable = error.code, error.message, error.is_retryable
    else:
        code, message, retryable = "INTERNAL", f"{type(error).__name__}: {error}", False
    return {"code": code, "message": message, "is_retryable": retryable}
