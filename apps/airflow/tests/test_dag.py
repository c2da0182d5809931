"""The DAG: that it loads, and how it is put together."""

from datetime import timedelta

import pytest
from airflow.dag_processing.dagbag import DagBag

from tests.conftest import HERE
from topline_airflow.inbox_triggers import InboxTrigger
from topline_airflow.run_id import topline_run_id

STEPS = {
    "wait_for_files": {"validate"},
    "validate": {"choose"},
    "choose": {
        "transform.glue",
        "transform.lambda",
        "waiting_for.users",
        "waiting_for.songs",
        "waiting_for.streams",
    },
    "transform.glue": {"archive"},
    "transform.lambda": {"archive"},
    "archive": {"look_again"},
    "look_again": set(),
    "waiting_for.users": set(),
    "waiting_for.songs": set(),
    "waiting_for.streams": set(),
}


TOPIC = "arn:aws:sns:eu-west-1:123456789012:topline"


def load():
    bag = DagBag(str(HERE / "dags"))
    assert bag.import_errors == {}
    return bag.dags["topline"]


@pytest.fixture(scope="module")
def dag():
    return load()


def test_every_task_is_followed_by_what_it_is_followed_by(dag):
    assert {task.task_id: task.downstream_task_ids for task in dag.tasks} == STEPS


def test_one_run_at_a_time_begins_by_arrivals_only(dag):
    assert dag.max_active_runs == 1
    assert not dag.catchup
    assert dag.dagrun_timeout == timedelta(hours=12)
    (watcher,) = dag.schedule.watchers
    assert isinstance(watcher.trigger, InboxTrigger)
    assert watcher.trigger.poll_seconds == 20


def test_every_task_is_tried_again_later_and_later_within_bounds(dag):
    for task in dag.tasks:
        assert task.retries == 5
        assert task.retry_delay == timedelta(seconds=30)
        assert task.retry_exponential_backoff == 2
        assert task.max_retry_delay == timedelta(minutes=10)
        assert timedelta(0) < task.execution_timeout <= timedelta(minutes=17)


def test_archive_follows_either_transform_and_nothing_else(dag):
    rules = {task.task_id: task.trigger_rule for task in dag.tasks}
    assert rules.pop("archive") == "none_failed_min_one_success"
    assert set(rules.values()) == {"all_success"}


def test_a_person_finds_what_to_know(dag):
    assert dag.tags == {"topline", "music-streaming", "kpi"}
    assert {task.owner for task in dag.tasks} == {"topline"}
    for told in ["When it runs", "waiting_for.songs", "Clear", "wait_minutes", "topline abandon"]:
        assert told in dag.doc_md


def test_the_parameters_have_defaults_that_fit_them(dag):
    assert dag.params.validate() == {"transform": "glue", "run_date": None, "wait_minutes": 5}


def test_nobody_is_told_of_failures_unless_a_topic_is_given(dag, monkeypatch):
    assert all(not task.on_failure_callback for task in dag.tasks)
    assert not dag.on_failure_callback
    monkeypatch.setenv("AIRFLOW__TOPLINE__SNS_TOPIC_ARN", TOPIC)
    for task in load().tasks:
        (notifier,) = task.on_failure_callback
        assert notifier.target_arn == TOPIC


@pytest.mark.parametrize(
    ("reason", "told"),
    [("timed_out", 1), ("all_tasks_deadlocked", 1), ("task_failure", 0)],
)
def test_a_run_that_is_given_up_is_told_of_and_a_failed_task_is_not_told_of_twice(
    reason, told, topics, monkeypatch
):
    monkeypatch.setenv("AIRFLOW__TOPLINE__SNS_TOPIC_ARN", TOPIC)
    dag = load()
    (notifier,) = dag.on_failure_callback
    topics.answer("<PublishResponse><PublishResult/></PublishResponse>")
    notifier({"dag": dag, "run_id": "manual__1", "reason": reason})
    assert topics.operations() == ["Publish"] * told
    for call in topics.calls:
        assert call.body["TargetArn"] == TOPIC
        assert f"run manual__1 of topline was given up: {reason}" in call.body["Message"]
        assert f"run_id={topline_run_id('manual__1')}" in call.body["Message"]


def test_it_is_what_the_deployment_s_settings_say(monkeypatch):
    for key, value in {
        "BUCKET": "b",
        "TRANSFORM": "lambda",
        "FUNCTION_PREFIX": "f-",
        "GLUE_JOB": "j",
        "TABLE_PREFIX": "t-",
        "POLL_SECONDS": "1",
        "RETRIES": "2",
        "RETRY_DELAY_SECONDS": "0.5",
    }.items():
        monkeypatch.setenv(f"AIRFLOW__TOPLINE__{key}", value)
    dag = load()
    glue = dag.get_task("transform.glue")
    assert (glue.job_name, glue.bucket, glue.table_prefix) == ("j", "b", "t-")
    assert dag.get_task("archive").function_name == "f-archive"
    assert dag.get_task("validate").retries == 2
    assert dag.get_task("validate").retry_delay == timedelta(seconds=0.5)
    assert dag.params["transform"] == "lambda"
    (watcher,) = dag.schedule.watchers
    assert (watcher.trigger.bucket, watcher.trigger.poll_seconds) == ("b", 1)
