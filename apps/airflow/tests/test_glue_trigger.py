"""Looking at a job run until it is over."""

import asyncio

import pytest

from tests.scripted import fault
from topline_airflow import glue_trigger
from topline_airflow.glue_trigger import GlueRunTrigger


@pytest.fixture
def pauses(monkeypatch):
    taken = []

    async def sleep(seconds, *_):
        taken.append(seconds)

    monkeypatch.setattr(glue_trigger.asyncio, "sleep", sleep)
    return taken


def run(state, **more):
    return {"JobRun": {"Id": "jr_1", "JobRunState": state, **more}}


def fired(longest_pause=4):
    async def events():
        trigger = GlueRunTrigger("job", "jr_1", "aws_default", longest_pause)
        return [event.payload async for event in trigger.run()]

    return asyncio.run(events())


@pytest.mark.parametrize("state", ["SUCCEEDED", "FAILED", "ERROR", "TIMEOUT", "STOPPED", "EXPIRED"])
def test_it_fires_once_with_the_last_state(glue, pauses, state):
    over = run(state, StartedOn=1_795_766_400, ErrorMessage="why", LogGroupName="/group")
    glue.answer(run("STARTING"), run("RUNNING"), run("STOPPING"), run("WAITING"), over)
    (event,) = fired()
    assert event["state"] == state
    assert event["error_message"] == "why"
    assert event["log_group"] == "/group"
    assert event["started_on"].startswith("2026-11-27T")
    assert glue.calls[0].body == {"JobName": "job", "RunId": "jr_1"}
    assert pauses == [1, 1.5, 2.25, 3.375]


def test_it_pauses_longer_each_time_up_to_the_longest(glue, pauses):
    glue.answer(*[run("RUNNING")] * 6, run("SUCCEEDED"))
    fired(longest_pause=2)
    assert pauses == [1, 1.5, 2, 2, 2, 2]


def test_a_look_that_fails_for_a_while_does_not_end_it(glue, pauses, monkeypatch):
    _once(monkeypatch)
    glue.answer(*[fault("InternalServiceException", 500)] * 9, run("SUCCEEDED"))
    assert [event["state"] for event in fired()] == ["SUCCEEDED"]


def test_one_that_keeps_failing_does(glue, pauses, monkeypatch):
    _once(monkeypatch)
    glue.answer(*[fault("InternalServiceException", 500)] * 10)
    (event,) = fired()
    assert event["state"] == "UNSEEN"
    assert "InternalServiceException" in event["error_message"]


def test_a_refusal_does_at_once(glue, pauses):
    glue.answer(fault("EntityNotFoundException"))
    assert [event["state"] for event in fired()] == ["UNSEEN"]
    assert pauses == []


def test_a_person_who_ends_the_task_stops_the_job_run(glue):
    glue.answer({})
    asyncio.run(GlueRunTrigger("job", "jr_1", "aws_default", 1).on_kill())
    (call,) = glue.calls
    assert call.operation == "BatchStopJobRun"
    assert call.body == {"JobName": "job", "JobRunIds": ["jr_1"]}


def test_it_is_made_again_from_what_it_says_of_itself():
    trigger = GlueRunTrigger("job", "jr_1", "conn", 1.5)
    path, given = trigger.serialize()
    assert path == "topline_airflow.glue_trigger.GlueRunTrigger"
    assert GlueRunTrigger(**given).serialize() == (path, given)


def _once(monkeypatch):
    """Without the client's own attempts, which take their time."""
    hook = glue_trigger.glue_hook
    monkeypatch.setattr(glue_trigger, "glue_hook", lambda conn: hook(conn, attempts=1))
