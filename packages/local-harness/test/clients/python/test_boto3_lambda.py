"""boto3's Lambda: functions are made, called and told of as on AWS. The handlers really run."""

import base64
import json
import time
import uuid

import boto3
import pytest
from botocore.exceptions import ClientError

ROLE = "arn:aws:iam::000000000000:role/topline"

HANDLER = """
import { existsSync, writeFileSync } from "node:fs";
export const handler = async ({ fail, begun, loop }, context) => {
  console.log("called");
  if (begun) writeFileSync(begun, context.awsRequestId);
  if (fail) throw Object.assign(new Error(fail), { name: "ToplineRetryable" });
  while (loop);
  return { id: context.awsRequestId, s3: process.env.AWS_ENDPOINT_URL_S3 };
};
"""


@pytest.fixture(scope="session")
def client():
    return boto3.client("lambda")


@pytest.fixture
def make(client, tmp_path):
    """Makes a function: its name."""

    def function(**settings):
        name = f"python-{uuid.uuid4()}"
        (tmp_path / "index.mjs").write_text(HANDLER)
        given = {"Runtime": "nodejs24.x", "Role": ROLE, "Handler": "index.handler"}
        code = {"S3Bucket": "hot-reload", "S3Key": str(tmp_path)}
        client.create_function(FunctionName=name, Code=code, **given, **settings)
        client.get_waiter("function_active_v2").wait(FunctionName=name)
        return name

    return function


def test_a_function_is_called_and_answers_with_its_log(client, make):
    name = make()
    payload = json.dumps({}).encode()
    answer = client.invoke(FunctionName=name, Payload=payload, LogType="Tail")
    assert (answer["StatusCode"], answer["ExecutedVersion"]) == (200, "$LATEST")
    assert "FunctionError" not in answer
    request_id = answer["ResponseMetadata"]["RequestId"]
    assert json.load(answer["Payload"])["id"] == request_id
    log = base64.b64decode(answer["LogResult"]).decode()
    assert f"{request_id}\tINFO\tcalled\n" in log
    dry = client.invoke(FunctionName=name, InvocationType="DryRun")
    assert dry["StatusCode"] == 204


def test_what_a_handler_throws_is_told(client, make):
    answer = client.invoke(FunctionName=make(), Payload=b'{"fail": "LEASE_HELD: by another"}')
    assert answer["FunctionError"] == "Unhandled"
    error = json.load(answer["Payload"])
    assert (error["errorType"], error["errorMessage"]) == (
        "ToplineRetryable",
        "LEASE_HELD: by another",
    )
    assert error["trace"][0] == "ToplineRetryable: LEASE_HELD: by another"


def test_one_that_takes_too_long_has_timed_out(client, make):
    answer = client.invoke(FunctionName=make(Timeout=1), Payload=b'{"loop": true}')
    assert answer["FunctionError"] == "Unhandled"
    error = json.load(answer["Payload"])
    assert error["errorType"] == "Sandbox.Timedout"
    assert error["errorMessage"].endswith("Task timed out after 1.00 seconds")


def test_an_event_is_taken_and_done_later(client, make, tmp_path):
    begun = tmp_path / "begun"
    payload = json.dumps({"begun": str(begun)})
    answer = client.invoke(FunctionName=make(), InvocationType="Event", Payload=payload)
    assert answer["StatusCode"] == 202
    deadline = time.monotonic() + 20
    while not (begun.exists() and begun.read_text()) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert begun.read_text() == answer["ResponseMetadata"]["RequestId"]


def test_functions_are_changed_listed_and_deleted(client, make):
    name = make()
    client.update_function_configuration(FunctionName=name, Timeout=9)
    client.get_waiter("function_updated_v2").wait(FunctionName=name)
    assert client.get_function(FunctionName=name)["Configuration"]["Timeout"] == 9
    pages = client.get_paginator("list_functions").paginate()
    assert name in [one["FunctionName"] for page in pages for one in page["Functions"]]
    with pytest.raises(client.exceptions.ResourceConflictException):
        client.create_function(
            FunctionName=name,
            Runtime="nodejs24.x",
            Role=ROLE,
            Handler="index.handler",
            Code={"S3Bucket": "hot-reload", "S3Key": "/tmp"},
        )
    client.delete_function(FunctionName=name)
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.invoke(FunctionName=name)


def test_what_is_wrong_and_what_is_not_done_are_told_apart(client, make):
    name = make()
    with pytest.raises(client.exceptions.InvalidRequestContentException):
        client.invoke(FunctionName=name, Payload=b"no JSON")
    with pytest.raises(client.exceptions.RequestTooLargeException):
        client.invoke(FunctionName=name, Payload=b'"' + b"x" * 6 * 1024**2 + b'"')
    with pytest.raises(ClientError) as refused:
        client.publish_version(FunctionName=name)
    assert refused.value.response["Error"]["Code"] == "NotImplemented"
