"""What a deployment says of itself."""

import pytest
from airflow.sdk.exceptions import AirflowException

from topline_airflow.settings import Settings, load_settings


def test_what_is_not_given_has_its_default():
    assert load_settings(lambda _: None) == Settings()


def test_what_is_given_is_read_as_what_it_is():
    given = {"bucket": "b", "poll_seconds": "1.5", "retries": "0", "transform": " lambda "}
    settings = load_settings(given.get)
    assert settings.bucket == "b"
    assert settings.poll_seconds == 1.5
    assert settings.retries == 0
    assert settings.transform == "lambda"


def test_airflow_is_asked_for_the_section_topline(monkeypatch):
    monkeypatch.setenv("AIRFLOW__TOPLINE__GLUE_JOB", "another-job")
    assert load_settings().glue_job == "another-job"


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("poll_seconds", "soon"),
        ("poll_seconds", "0"),
        ("poll_seconds", "nan"),
        ("poll_seconds", "inf"),
        ("retries", "-1"),
        ("retries", "1.5"),
        ("transform", "spark"),
        ("bucket", ""),
    ],
)
def test_what_cannot_be_is_refused_by_its_name(key, text):
    with pytest.raises(AirflowException, match=rf"\[topline\] {key} is '{text}'; it must be "):
        load_settings({key: text}.get)


def test_functions_are_named_by_the_prefix():
    assert Settings(function_prefix="team-a-").function("validate") == "team-a-validate"
