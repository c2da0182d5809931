"""What follows from validate's answer."""

import pytest
from airflow.sdk.exceptions import AirflowFailException

from topline_airflow.outcome import DATASETS, branch_of, waiting_message


@pytest.mark.parametrize("transform", ["glue", "lambda"])
def test_a_run_that_is_ready_is_transformed_as_was_chosen(transform):
    assert branch_of({"status": "ready", "waiting_for": []}, transform) == [
        f"transform.{transform}"
    ]


def test_a_run_that_waits_shows_for_what():
    answer = {"status": "waiting", "waiting_for": ["streams", "users"]}
    assert branch_of(answer, "glue") == ["waiting_for.users", "waiting_for.streams"]


def test_nothing_to_do_runs_nothing():
    assert branch_of({"status": "nothing-to-do", "waiting_for": []}, "glue") is None


def test_an_answer_that_is_not_known_is_a_fault():
    with pytest.raises(AirflowFailException, match="'odd'"):
        branch_of({"status": "odd", "waiting_for": []}, "glue")


@pytest.mark.parametrize("dataset", DATASETS)
def test_a_person_is_told_what_to_drop_where(dataset):
    message = waiting_message(dataset, "my-bucket")
    assert f"There are no {dataset} yet" in message
    assert f"s3://my-bucket/raw-data/{dataset}.csv" in message
