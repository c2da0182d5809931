"""A step that a function does: what its answers mean."""

import base64

import pytest
from airflow.sdk.exceptions import AirflowException, AirflowFailException
from structlog.testing import capture_logs

from tests.contexts import context
from tests.scripted import Answer, fault
from topline_airflow.lambda_operator import ToplineLambdaOperator

READY = {"run_id": "r1", "status": "ready"}


def operator(**given):
    return ToplineLambdaOperator(
        task_id="validate", function_name="topline-validate", run_id="r1", **given
    )


def failed(kind, message):
    body = {"errorType": kind, "errorMessage": message, "trace": []}
    return Answer(body, headers={"X-Amz-Function-Error": "Unhandled"})


def test_the_function_is_given_the_run_and_its_answer_returned(functions):
    functions.answer(READY)
    assert operator().execute(context()) == READY
    (call,) = functions.calls
    assert call.path == "/2015-03-31/functions/topline-validate/invocations"
    assert call.body == {"run_id": "r1"}


def test_a_run_date_is_given_along(functions):
    functions.answer(READY)
    operator(run_date="2024-06-25").execute(context())
    assert functions.calls[0].body == {"run_id": "r1", "run_date": "2024-06-25"}


def test_the_log_has_the_run_the_request_and_the_end_of_the_function_s_log(functions):
    tail = base64.b64encode(b'START\n{"message": "done"}\n').decode()
    functions.answer(Answer(READY, headers={"X-Amz-Log-Result": tail}))
    with capture_logs() as entries:
        operator().execute(context())
    said = lines(entries)
    assert "run_id=r1 function=topline-validate" in said
    assert "run_id=r1 request_id=request-1" in said
    assert 'topline-validate: {"message": "done"}' in said


def test_an_open_run_that_is_finished_first_is_named(functions):
    functions.answer({"run_id": "older", "status": "ready"})
    with capture_logs() as entries:
        assert operator().execute(context())["run_id"] == "older"
    assert any(line.startswith("run_id=older goes on") for line in lines(entries))


def lines(entries):
    return [one["event"] % one.get("positional_args", ()) for one in entries]


def test_a_fault_that_no_retry_mends_gives_up_at_once(functions):
    functions.answer(failed("ToplineFault", "STORE_REFUSED: no such table"))
    with pytest.raises(AirflowFailException, match=r"STORE_REFUSED: no such table .*r1.*request-1"):
        operator().execute(context())


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("ToplineRetryable", "LEASE_HELD: by another"),
        ("Sandbox.Timedout", "Task timed out after 900.00 seconds"),
        ("Runtime.ExitError", "Runtime exited with error: signal: killed"),
        ("Error", "out of memory"),
    ],
)
def test_whatever_else_a_function_fails_with_is_tried_again(functions, kind, message):
    functions.answer(failed(kind, message))
    with pytest.raises(AirflowException, match=message) as raised:
        operator().execute(context())
    assert not isinstance(raised.value, AirflowFailException)


@pytest.mark.parametrize(
    ("code", "status", "gives_up"),
    [
        ("TooManyRequestsException", 429, False),
        ("ServiceException", 500, False),
        ("ResourceConflictException", 409, False),
        ("ResourceNotFoundException", 404, True),
        ("AccessDeniedException", 403, True),
    ],
)
def test_a_call_is_made_once_and_what_lambda_says_of_it_judged(functions, code, status, gives_up):
    functions.answer(fault(code, status))
    with pytest.raises(AirflowException, match="did not run topline-validate") as raised:
        operator().execute(context())
    assert isinstance(raised.value, AirflowFailException) == gives_up
    assert len(functions.calls) == 1


def test_an_answer_that_does_not_come_is_tried_again(monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL_LAMBDA", "http://127.0.0.1:1")
    with pytest.raises(AirflowException, match="No answer of topline-validate") as raised:
        operator().execute(context())
    assert not isinstance(raised.value, AirflowFailException)


@pytest.mark.parametrize("body", [None, [], "ok", {"status": "ready"}])
def test_an_answer_of_something_else_gives_up(functions, body):
    functions.answer(Answer(body))
    with pytest.raises(AirflowFailException, match="Is it Topline's function"):
        operator().execute(context())
