"""What botocore raises, told in one shape."""

import re
from dataclasses import dataclass

from botocore.exceptions import (
    ClientError,
    ConnectionError,
    CredentialRetrievalError,
    HTTPClientError,
    IncompleteReadError,
    NoCredentialsError,
    PartialCredentialsError,
    ResponseStreamingError,
)

from topline_glue.aws.clients import ATTEMPTS

_NETWORK = (ConnectionError, HTTPClientError, IncompleteReadError, ResponseStreamingError)
_CREDENTIALS = (NoCredentialsError, PartialCredentialsError, CredentialRetrievalError)


@dataclass(frozen=True)
class Answer:
    """Of a service that refused or failed, or of the way to it."""

    name: str
    message: str
    status: int | None
    """Of HTTP; `None` where no answer came."""
    attempts: int
    is_network: bool = False
    lacks_credentials: bool = False

    def __str__(self) -> str:
        status = "" if self.status is None else f"{self.status} "
        return f"{status}{self.name}: {self.message}"


def answer_of(error: BaseException) -> Answer:
    if isinstance(error, ClientError):
        found = error.response.get("Error", {})
        metadata = error.response.get("ResponseMetadata", {})
        return Answer(
            name=found.get("Code", "Error"),
            message=found.get("Message", str(error)),
            status=metadata.get("HTTPStatusCode"),
            attempts=metadata.get("RetryAttempts", 0) + 1,
        )
    is_network = isinstance(error, _NETWORK)
    return Answer(
        name=type(error).__name__,
        message=re.sub(r"\s+", " ", str(error)),
        status=None,
        # botocore does not tell; it spends all of them on a line that is broken.
        attempts=ATTEMPTS if is_network else 1,
        is_network=is_network,
        lacks_credentials=isinstance(error, _CREDENTIALS),
    )
