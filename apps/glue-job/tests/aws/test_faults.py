"""What the services' answers mean."""

import pytest
from botocore.exceptions import EndpointConnectionError, NoCredentialsError, ReadTimeoutError

from topline_glue.aws.dynamodb_faults import cancellation_reasons, dynamodb_fault, is_conflict
from topline_glue.aws.s3_faults import s3_fault
from topline_glue.errors import ToplineError

from .spied_client import cancelled, connection_closed, refusal

ENDPOINT = {"endpoint_url": "http://127.0.0.1:1"}


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (connection_closed(), "STORE_UNAVAILABLE", "Query on T done in 6 attempt"),
        (EndpointConnectionError(**ENDPOINT), "STORE_UNAVAILABLE", "check the endpoint"),
        (ReadTimeoutError(**ENDPOINT), "STORE_UNAVAILABLE", "ReadTimeoutError"),
        (refusal("InternalServerError", 500), "STORE_UNAVAILABLE", "500 InternalServerError: as"),
        (refusal("ThrottlingException"), "STORE_UNAVAILABLE", "1 attempt"),
        (cancelled("None", "TransactionConflict"), "STORE_UNAVAILABLE", "TransactionCanceled"),
        (refusal("ResourceNotFoundException"), "STORE_REFUSED", "Table T does not exist"),
        (refusal("AccessDeniedException"), "STORE_REFUSED", "Check the credentials, and the perm"),
        (refusal("ValidationException"), "STORE_REFUSED", "refused Query on T: 400 Validation"),
        (NoCredentialsError(), "STORE_REFUSED", "Give credentials"),
    ],
)
def test_of_dynamodb(error, code, message):
    fault = dynamodb_fault(error, "Query", ["T"])
    assert fault.code == code
    assert fault.is_retryable is (code == "STORE_UNAVAILABLE")
    assert message in fault.message


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (refusal("PreconditionFailed", 412), "OBJECT_EXISTS", 'There is an object "é k" in'),
        (refusal("NoSuchKey", 404), "OBJECT_NOT_FOUND", 'There is no object "é k" in bucket B.'),
        (refusal("NoSuchBucket", 404), "STORE_REFUSED", "Create bucket B"),
        (refusal("SlowDown", 503), "STORE_UNAVAILABLE", "503 SlowDown"),
        (refusal("ConditionalRequestConflict", 409), "STORE_UNAVAILABLE", "409"),
        (refusal("NotImplemented", 501), "STORE_REFUSED", "501"),
        (refusal("AccessDenied", 403), "STORE_REFUSED", "they may s3:PutObject on B/é k"),
        (refusal("PermanentRedirect", 301), "STORE_REFUSED", "another region"),
        (connection_closed(), "STORE_UNAVAILABLE", "6 attempt"),
        (NoCredentialsError(), "STORE_REFUSED", "Give credentials"),
    ],
)
def test_of_s3(error, code, message):
    fault = s3_fault(error, "PutObject", "B", "é k")
    assert (fault.code, message in fault.message) == (code, True), fault.message


def test_a_condition_on_a_read_says_that_the_object_was_replaced():
    fault = s3_fault(refusal("PreconditionFailed", 412), "GetObject", "B", "k")
    assert fault.code == "OBJECT_CHANGED"


def test_a_fault_that_is_told_already_stays_as_it_is():
    fault = ToplineError("LEASE_LOST", "gone")
    assert dynamodb_fault(fault, "Query", ["T"]) is fault
    assert s3_fault(fault, "GetObject", "B") is fault


def test_reasons_of_a_cancelled_transaction_are_told_in_their_order():
    assert cancellation_reasons(cancelled("None", "ConditionalCheckFailed")) == [
        "None",
        "ConditionalCheckFailed",
    ]
    assert cancellation_reasons(refusal("ValidationException")) is None
    assert cancellation_reasons(connection_closed()) is None


def test_a_conflict_is_one_of_conflicts_alone():
    assert is_conflict(cancelled("None", "TransactionConflict", "ThrottlingError"))
    assert is_conflict(refusal("TransactionInProgressException"))
    assert not is_conflict(cancelled("TransactionConflict", "ConditionalCheckFailed"))
    assert not is_conflict(cancelled())
    assert not is_conflict(connection_closed())
