"""What DynamoDB's answers mean: the one place where they are told apart.

By the time that a fault arrives here, botocore has spent its attempts.
"""

import re
from collections.abc import Sequence

from botocore.exceptions import ClientError

from topline_glue.aws.answers import Answer, answer_of
from topline_glue.errors import ToplineError
from topline_glue.model import Lease

_CONFLICTS = {
    "TransactionConflict",
    "TransactionConflictException",
    "TransactionInProgressException",
    "ThrottlingError",
    "ProvisionedThroughputExceeded",
}

_PASSING = {
    "ThrottlingException",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "InternalServerError",
    "ServiceUnavailable",
    "LimitExceededException",
}

_CREDENTIALS = re.compile("AccessDenied|UnrecognizedClient|ExpiredToken|InvalidSignature")


def dynamodb_fault(error: Exception, operation: str, tables: Sequence[str]) -> ToplineError:
    if isinstance(error, ToplineError):
        return error
    answer = answer_of(error)
    where = " and ".join(tables)
    if _passes(error, answer):
        return ToplineError(
            "STORE_UNAVAILABLE",
            f"DynamoDB did not get {operation} on {where} done in {answer.attempts} attempt(s); "
            f"the last answer was {answer}. Try again later; if it stays so, check the endpoint "
            "and the network.",
        )
    if answer.name == "ResourceNotFoundException":
        return ToplineError(
            "STORE_REFUSED",
            f"Table {' or '.join(tables)} does not exist. Create the tables (`topline up`), or "
            "check the table prefix, the region and the endpoint.",
        )
    return ToplineError(
        "STORE_REFUSED",
        f"DynamoDB refused {operation} on {where}: {answer}. {_remedy(answer)}",
    )


def cancellation_reasons(error: Exception) -> list[str] | None:
    """Why each action of a transaction was or was not at fault, in their order; else `None`."""
    if not isinstance(error, ClientError):
        return None
    if answer_of(error).name != "TransactionCanceledException":
        return None
    reasons = error.response.get("CancellationReasons") or []
    return [reason.get("Code", "None") for reason in reasons]


def is_condition_failed(error: Exception) -> bool:
    return answer_of(error).name == "ConditionalCheckFailedException"


def is_conflict(error: Exception) -> bool:
    """Two transactions met, or one action of many was throttled: botocore does not retry it."""
    reasons = cancellation_reasons(error)
    if reasons is None:
        return answer_of(error).name in _CONFLICTS
    return bool(reasons) and all(reason in {"None", *_CONFLICTS} for reason in reasons)


def lease_lost(lease: Lease) -> ToplineError:
    return ToplineError(
        "LEASE_LOST",
        f"Lease {lease.token} of {lease.holder} has ended or was taken over; nothing more was "
        "changed. Run the step again.",
    )


def _passes(error: Exception, answer: Answer) -> bool:
    if is_conflict(error) or answer.is_network or answer.name in _PASSING:
        return True
    return answer.status is not None and (answer.status == 429 or answer.status >= 500)


def _remedy(answer: Answer) -> str:
    if answer.lacks_credentials:
        return (
            "Give credentials: a profile, a role, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."
        )
    if _CREDENTIALS.search(answer.name):
        return (
            "Check the credentials, and the permissions that the README of "
            "@topline/aws-adapters lists."
        )
    return "Check the table's definition and the account's limits."
