"""The first task and the last: looking into the inbox."""

from datetime import timedelta

import pytest
from airflow.sdk import Asset, AssetAlias
from airflow.sdk.exceptions import AirflowSkipException, TaskDeferralTimeout, TaskDeferred

from tests.contexts import context
from topline_airflow.inbox import fingerprint, list_inbox
from topline_airflow.inbox_triggers import FilesTrigger
from topline_airflow.look_again import LookAgain
from topline_airflow.wait_for_files import WaitForFiles


@pytest.fixture
def sensor(bucket):
    def make(wait_minutes="5"):
        return WaitForFiles(
            task_id="wait",
            inbox=Asset("topline_inbox"),
            bucket=bucket,
            run_id="r1",
            wait_minutes=wait_minutes,
            poll_seconds=3,
        )

    return make


@pytest.fixture
def drop(s3, bucket):
    return lambda key: s3.put_object(Bucket=bucket, Key=key, Body=b"x")


@pytest.mark.parametrize("run_type", ["manual", "asset_triggered"])
def test_with_a_file_it_passes_at_once_and_keeps_what_it_saw(sensor, drop, bucket, run_type):
    drop("raw-data/users.csv")
    state = {}
    assert sensor().execute(context(run_type, state=state)) == 1
    assert state == {"looked_at": fingerprint(list_inbox(bucket, "aws_default"))}


def test_a_run_that_a_person_started_waits_deferred(sensor, bucket):
    with pytest.raises(TaskDeferred) as deferred:
        sensor().execute(context())
    trigger = deferred.value.trigger
    assert isinstance(trigger, FilesTrigger)
    assert (trigger.bucket, trigger.poll_seconds) == (bucket, 3)
    assert deferred.value.timeout == timedelta(minutes=5)
    state = {}
    event = {"files": 2, "fingerprint": "abc"}
    assert sensor().arrived(context(state=state), event) == 2
    assert state == {"looked_at": "abc"}


def test_a_run_that_an_arrival_started_does_not_wait(sensor, drop):
    drop("raw-data/README")
    with pytest.raises(AirflowSkipException, match="taken in"):
        sensor().execute(context("asset_triggered"))


def test_a_person_may_go_on_over_an_empty_inbox(sensor):
    assert sensor("0").execute(context()) == 0


def test_after_the_time_it_is_skipped(sensor, monkeypatch):
    def timeout(*_, **__):
        raise TaskDeferralTimeout("over")

    monkeypatch.setattr(WaitForFiles, "arrived", timeout)
    with pytest.raises(AirflowSkipException, match="No file has come"):
        sensor().resume_execution("arrived", {"event": {}}, context())


class Events:
    def __init__(self):
        self.added = []

    def __getitem__(self, alias):
        assert alias == AssetAlias("again")
        return self

    def add(self, asset, extra):
        self.added.append((asset, extra))


@pytest.fixture
def look(bucket):
    def execute(asked, run_id):
        events = Events()
        task = LookAgain(
            task_id="look_again",
            asked=asked,
            run_id=run_id,
            bucket=bucket,
            inbox=Asset("topline_inbox"),
            alias=AssetAlias("again"),
        )
        return task.execute(context(events=events)), events.added

    return execute


def test_files_that_are_left_after_an_older_run_begin_another(look, drop):
    drop("raw-data/streams/late.csv")
    left, added = look("new", "old")
    assert left == 1
    ((asset, extra),) = added
    assert (asset.name, asset.uri) == ("topline_inbox", Asset("topline_inbox").uri)
    assert extra == {"files": 1, "after_run_id": "old"}


def test_after_a_run_of_its_own_nobody_has_to_look(look, drop):
    drop("raw-data/streams/late.csv")
    with pytest.raises(AirflowSkipException):
        look("same", "same")


def test_over_an_empty_inbox_neither(look):
    with pytest.raises(AirflowSkipException, match="empty"):
        look("new", "old")
