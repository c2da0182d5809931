"""What S3's answers mean: the one place where they are told apart.

By the time that a fault arrives here, botocore has spent its attempts.
"""

import json

from topline_glue.aws.answers import Answer, answer_of
from topline_glue.errors import ToplineError

_PERMISSIONS = {
    "ListObjectsV2": "s3:ListBucket",
    "HeadObject": "s3:GetObject and s3:ListBucket",
    "GetObject": "s3:GetObject and s3:ListBucket",
    "PutObject": "s3:PutObject",
    "DeleteObject": "s3:DeleteObject",
}
"""The calls that the store makes, each with the permissions that it needs."""

_PASSING = {
    "RequestTimeout",
    "SlowDown",
    "ServiceUnavailable",
    "ThrottlingException",
    "ConditionalRequestConflict",
    "OperationAborted",
}


def s3_fault(error: Exception, operation: str, bucket: str, key: str | None = None) -> ToplineError:
    if isinstance(error, ToplineError):
        return error
    answer = answer_of(error)
    subject = f"bucket {bucket}" if key is None else _object(bucket, key)
    if answer.status == 412:
        if operation == "PutObject":
            return ToplineError("OBJECT_EXISTS", f"There is an {subject} already.")
        return ToplineError(
            "OBJECT_CHANGED",
            f"The {subject} was replaced: its ETag is no longer the expected one. Read it again "
            "and decide anew.",
        )
    if answer.status == 404 and key is not None and answer.name != "NoSuchBucket":
        return ToplineError("OBJECT_NOT_FOUND", f"There is no {subject}.")
    if _passes(answer):
        return ToplineError(
            "STORE_UNAVAILABLE",
            f"S3 did not get {operation} of {subject} done in {answer.attempts} attempt(s); the "
            f"last answer was {answer}. Try again later; if it stays so, check the endpoint and "
            "the network.",
        )
    return ToplineError(
        "STORE_REFUSED",
        f"S3 refused {operation} of {subject}: {answer}. {_remedy(answer, operation, bucket, key)}",
    )


def is_conflict(error: Exception) -> bool:
    """409: two conditional writes met, and S3 wants the later one again."""
    return answer_of(error).name in {"ConditionalRequestConflict", "OperationAborted"}


def is_broken_line(error: Exception) -> bool:
    return answer_of(error).is_network


def _object(bucket: str, key: str) -> str:
    return f"object {json.dumps(key, ensure_ascii=False)} in bucket {bucket}"


def _passes(answer: Answer) -> bool:
    if answer.is_network or answer.name in _PASSING:
        return True
    status = answer.status
    return status is not None and (status == 429 or (status >= 500 and status != 501))


def _remedy(answer: Answer, operation: str, bucket: str, key: str | None) -> str:
    if answer.name == "NoSuchBucket" or answer.status == 404:
        return f"Create bucket {bucket}, or check its name, the region and the endpoint."
    if answer.name == "AccessDenied" or answer.status == 403:
        where = bucket if key is None else f"{bucket}/{key}"
        return (
            f"Check the credentials, and that they may {_PERMISSIONS[operation]} on {where} "
            "(also in the bucket's policy and the KMS key's)."
        )
    if answer.lacks_credentials:
        return (
            "Give credentials: a profile, a role, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."
        )
    if answer.status in {301, 307} or answer.name == "PermanentRedirect":
        return f"Bucket {bucket} is in another region: check the client's."
    return "Check the bucket's name, the region, the endpoint and the key (at most 1,024 bytes)."
