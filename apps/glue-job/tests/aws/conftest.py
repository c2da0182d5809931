"""A harness's bucket and tables, for one test."""

import os
import uuid
from datetime import UTC, datetime, timedelta

import pytest

from topline_glue.aws import ObjectStore, RunLedger, dynamodb_client, s3_client

from .spied_client import SpiedClient
from .tables import TABLES


class TestClock:
    """Stands still until it is told to move; who sleeps does not wait."""

    __test__ = False

    def __init__(self):
        self.time = datetime(2024, 6, 26, tzinfo=UTC)
        self.slept = []

    def now(self):
        return self.time

    def sleep(self, seconds):
        self.slept.append(seconds)

    def advance(self, **passed):
        self.time += timedelta(**passed)


@pytest.fixture
def clock():
    return TestClock()


def _needs_harness():
    if "AWS_ENDPOINT_URL_S3" not in os.environ:
        pytest.skip("needs a harness: npx -y pnpm@12 test apps/glue-job/test/python.test.ts")


@pytest.fixture(scope="session")
def s3():
    _needs_harness()
    return s3_client()


@pytest.fixture(scope="session")
def dynamodb():
    _needs_harness()
    return dynamodb_client()


@pytest.fixture
def bucket(s3):
    """Its name. It is empty, and this test's alone."""
    name = f"glue-{uuid.uuid4()}"
    s3.create_bucket(Bucket=name)
    return name


@pytest.fixture
def store(s3, bucket):
    return ObjectStore(s3, bucket)


@pytest.fixture
def prefix(dynamodb):
    """Of tables without items, this test's alone."""
    prefix = f"t-{uuid.uuid4()}-"
    keys = [(table.name, "date", table.sort_key, _key_type(table)) for table in TABLES]
    for name, partition, sort, kind in [*keys, ("PIPELINE_RUNS", "pipeline", "id", "S")]:
        dynamodb.create_table(
            TableName=prefix + name,
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[
                {"AttributeName": partition, "KeyType": "HASH"},
                {"AttributeName": sort, "KeyType": "RANGE"},
            ],
            AttributeDefinitions=[
                {"AttributeName": partition, "AttributeType": "S"},
                {"AttributeName": sort, "AttributeType": kind},
            ],
        )
    return prefix


def _key_type(table):
    types = {column.name: column.type for column in table.columns}
    return "S" if types[table.sort_key] == "string" else "N"


@pytest.fixture
def client(dynamodb):
    return SpiedClient(dynamodb)


@pytest.fixture
def ledger(client, prefix, clock):
    return RunLedger(client, prefix, clock=clock)


@pytest.fixture
def others(dynamodb, prefix, clock):
    """Another process's ledger, on which nobody spies."""
    return RunLedger(dynamodb, prefix, clock=clock)
