"""The step transform by a Glue job: started once, joined, and judged by what it left."""

import json

import pytest
from airflow.sdk.exceptions import AirflowException, AirflowFailException, TaskDeferred

from tests.contexts import context
from tests.scripted import fault
from topline_airflow.glue_operator import ToplineGlueOperator
from topline_airflow.glue_trigger import GlueRunTrigger

STARTED = "2026-11-27T08:00:00+00:00"
BEFORE = "2026-11-27T07:59:00.000Z"
DURING = "2026-11-27T08:00:09.123Z"

RESULT = {
    "run_id": "r1",
    "engine": "spark",
    "plan_hash": "abc",
    "sources": [
        {"rows": 3, "accepted": 1, "quarantined": {"malformed": 1, "x": 1}, "refused": None},
        {"rows": "9007199254740993", "accepted": 0, "quarantined": {}, "refused": {"code": "X"}},
    ],
    "dates": [{}, {}],
    "tables": [{"table": "T", "put": 1, "deleted": 0, "unchanged": 0}],
}
SUMMARY = {
    "run_id": "r1",
    "engine": "spark",
    "plan_hash": "abc",
    "rows": 9007199254740996,
    "accepted": 1,
    "quarantined": 2,
    "refused": 1,
    "dates": 2,
    "tables": RESULT["tables"],
}
SUCCEEDED = {"status": "succeeded", "started_at": DURING, "result": RESULT}


@pytest.fixture
def operator(bucket):
    return ToplineGlueOperator(
        task_id="glue", job_name="job", bucket=bucket, run_id="r1", table_prefix="t-", log=""
    )


@pytest.fixture
def leave_part(s3, bucket):
    def leave(part):
        body = part if isinstance(part, bytes) else json.dumps(part).encode()
        s3.put_object(Bucket=bucket, Key="runs/r1/transform.json", Body=body)

    return leave


def failed_part(code, *, is_retryable, started_at=DURING):
    error = {"code": code, "message": "it is said", "is_retryable": is_retryable}
    return {"status": "failed", "started_at": started_at, "error": error}


def identity(bucket, run_id="r1"):
    return {"--bucket": bucket, "--table_prefix": "t-", "--run_id": run_id}


def ended(state, error_message=""):
    return {
        "state": state,
        "error_message": error_message,
        "started_on": STARTED,
        "log_group": "/aws-glue/jobs",
    }


def conclude(operator, state, error_message=""):
    return operator.conclude(context(), ended(state, error_message), "jr_1")


def test_a_job_is_started_with_what_it_needs_and_waited_for_deferred(operator, glue, bucket):
    glue.answer({"JobRuns": []}, {"JobRunId": "jr_1"})
    with pytest.raises(TaskDeferred) as deferred:
        operator.execute(context())
    assert glue.operations() == ["GetJobRuns", "StartJobRun"]
    assert glue.calls[1].body == {
        "JobName": "job",
        "Arguments": {
            **identity(bucket),
            "--holder": "airflow topline.task try 2",
            "--lease_seconds": "30",
            "--wait_for_lease": "false",
        },
    }
    assert isinstance(deferred.value.trigger, GlueRunTrigger)
    assert deferred.value.trigger.job_run_id == "jr_1"
    assert deferred.value.method_name == "conclude"


def test_one_that_works_on_the_same_run_is_joined(operator, glue, bucket):
    others = {"Id": "jr_9", "JobRunState": "RUNNING", "Arguments": identity(bucket, "r2")}
    own = {"Id": "jr_8", "JobRunState": "STARTING", "Arguments": {**identity(bucket), "--x": "y"}}
    glue.answer({"JobRuns": [others, own]})
    with pytest.raises(TaskDeferred) as deferred:
        operator.execute(context())
    assert glue.operations() == ["GetJobRuns"]
    assert deferred.value.trigger.job_run_id == "jr_8"


def test_one_of_the_same_run_that_is_over_is_not(operator, glue, bucket):
    over = {"Id": "jr_0", "JobRunState": "FAILED", "Arguments": identity(bucket)}
    glue.answer({"JobRuns": [over], "NextToken": "more"}, {"JobRunId": "jr_1"})
    with pytest.raises(TaskDeferred):
        operator.execute(context())
    assert glue.operations() == ["GetJobRuns", "StartJobRun"]


def test_one_that_is_being_stopped_is_waited_out(operator, glue, bucket):
    stopping = {"Id": "jr_8", "JobRunState": "STOPPING", "Arguments": identity(bucket)}
    glue.answer({"JobRuns": [stopping]})
    with pytest.raises(AirflowException, match=r"jr_8 .*is being stopped") as raised:
        operator.execute(context())
    assert not isinstance(raised.value, AirflowFailException)


@pytest.mark.parametrize(
    ("code", "gives_up"),
    [
        ("ConcurrentRunsExceededException", False),
        ("InternalServiceException", False),
        ("EntityNotFoundException", True),
        ("AccessDeniedException", True),
    ],
)
def test_a_start_is_asked_for_once_and_a_refusal_judged(operator, glue, code, gives_up):
    glue.answer({"JobRuns": []}, fault(code))
    with pytest.raises(AirflowException, match=rf"did not start job job .*{code}") as raised:
        operator.execute(context())
    assert isinstance(raised.value, AirflowFailException) == gives_up
    assert glue.operations() == ["GetJobRuns", "StartJobRun"]


def test_a_run_that_was_transformed_before_starts_nothing(operator, glue, leave_part):
    leave_part(SUCCEEDED)
    assert operator.execute(context()) == SUMMARY
    assert glue.calls == []


@pytest.mark.parametrize("state", ["SUCCEEDED", "FAILED", "TIMEOUT", "UNSEEN"])
def test_what_was_done_is_done_however_the_job_run_ended(operator, leave_part, state):
    leave_part(SUCCEEDED)
    assert conclude(operator, state) == SUMMARY


@pytest.mark.parametrize("part", [None, b"no JSON", {"status": "running", "started_at": DURING}])
def test_success_without_a_result_gives_up(operator, leave_part, part):
    if part is not None:
        leave_part(part)
    with pytest.raises(AirflowFailException, match=r"left no result in s3://.*/runs/r1/transform"):
        conclude(operator, "SUCCEEDED")


@pytest.mark.parametrize("is_retryable", [True, False])
def test_a_fault_of_the_step_is_judged_as_the_step_recorded_it(operator, leave_part, is_retryable):
    leave_part(failed_part("AUDIT_FAILED", is_retryable=is_retryable))
    with pytest.raises(AirflowException, match=r"AUDIT_FAILED: it is said .*jr_1") as raised:
        conclude(operator, "FAILED", "An error occurred")
    assert isinstance(raised.value, AirflowFailException) != is_retryable


@pytest.mark.parametrize("state", ["FAILED", "ERROR", "TIMEOUT", "STOPPED", "EXPIRED"])
@pytest.mark.parametrize(
    "part", [None, failed_part("AUDIT_FAILED", is_retryable=False, started_at=BEFORE)]
)
def test_a_job_that_came_to_grief_is_tried_again(operator, leave_part, state, part):
    if part is not None:
        leave_part(part)
    expected = rf"ended as {state}: exit code 137 .*CloudWatch, /aws-glue/jobs/error .*stream jr_1"
    with pytest.raises(AirflowException, match=expected) as raised:
        conclude(operator, state, "exit code 137")
    assert not isinstance(raised.value, AirflowFailException)


def test_one_that_is_out_of_sight_is_tried_again(operator):
    with pytest.raises(AirflowException, match="not to be seen any more: gone") as raised:
        conclude(operator, "UNSEEN", "gone")
    assert not isinstance(raised.value, AirflowFailException)


def test_the_log_is_where_the_deployment_says(bucket):
    operator = ToplineGlueOperator(
        task_id="glue", job_name="job", bucket=bucket, run_id="r1", log="/logs/{job_run_id}.log"
    )
    with pytest.raises(AirflowException, match=r"its log: /logs/jr_1\.log"):
        conclude(operator, "FAILED")


def test_a_task_that_is_ended_at_its_start_stops_the_job_run(operator, glue):
    glue.answer({"JobRuns": []}, {"JobRunId": "jr_1"}, {})
    with pytest.raises(TaskDeferred):
        operator.execute(context())
    operator.on_kill()
    assert glue.calls[-1].body == {"JobName": "job", "JobRunIds": ["jr_1"]}
