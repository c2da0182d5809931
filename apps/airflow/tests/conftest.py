"""An Airflow of its own for the tests: no examples, no database, settings as they come.

S3 is that of the environment (`AWS_ENDPOINT_URL_S3`): the embedded one, where vitest runs this.
"""

import os
import tempfile
import uuid
from pathlib import Path

import pytest

from tests.scripted import scripted_endpoint

HERE = Path(__file__).parent.parent

# Before anything imports Airflow, which reads these once.
_home = tempfile.TemporaryDirectory(prefix="topline-airflow-")
os.environ.update(
    AIRFLOW_HOME=_home.name,
    AIRFLOW__CORE__DAGS_FOLDER=str(HERE / "dags"),
    AIRFLOW__CORE__PLUGINS_FOLDER=str(HERE / "plugins"),
    AIRFLOW__CORE__LOAD_EXAMPLES="False",
    AIRFLOW_CONN_AWS_DEFAULT="aws://",
)
for name, value in {
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "any",
    "AWS_SECRET_ACCESS_KEY": "any",
}.items():
    os.environ.setdefault(name, value)


@pytest.fixture
def s3():
    import boto3  # noqa: PLC0415 -- a suite without S3 does without it

    return boto3.client("s3")


@pytest.fixture
def bucket(s3):
    """One of the test's own."""
    name = f"airflow-{uuid.uuid4().hex[:12]}"
    s3.create_bucket(Bucket=name)
    return name


@pytest.fixture
def functions(monkeypatch):
    """Lambda, with answers as a test has them."""
    with scripted_endpoint() as endpoint:
        monkeypatch.setenv("AWS_ENDPOINT_URL_LAMBDA", endpoint.url)
        yield endpoint


@pytest.fixture
def glue(monkeypatch):
    """Glue, with answers as a test has them."""
    with scripted_endpoint() as endpoint:
        monkeypatch.setenv("AWS_ENDPOINT_URL_GLUE", endpoint.url)
        yield endpoint


@pytest.fixture
def topics(monkeypatch):
    """SNS, with answers as a test has them."""
    with scripted_endpoint() as endpoint:
        monkeypatch.setenv("AWS_ENDPOINT_URL_SNS", endpoint.url)
        yield endpoint
