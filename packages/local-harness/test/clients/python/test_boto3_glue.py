"""boto3's Glue: jobs are made, run, stopped and told of as on AWS. The scripts really run."""

import time
import uuid

import boto3
import pytest
from botocore.exceptions import ClientError

OVER = {"SUCCEEDED", "FAILED", "STOPPED", "TIMEOUT", "ERROR"}
PATIENCE = 240
"""Seconds: a JVM comes up, on cores that may be busy."""

WAITING = """
import sys, time
import boto3
options = dict(zip(sys.argv[1::2], sys.argv[2::2]))
s3 = boto3.client("s3")
s3.put_object(Bucket=options["--bucket"], Key="begun", Body=b"")
while "Contents" not in s3.list_objects_v2(Bucket=options["--bucket"], Prefix="go"):
    time.sleep(0.1)
"""


@pytest.fixture(scope="session")
def glue():
    return boto3.client("glue")


@pytest.fixture
def make_job(glue, over_http, bucket):
    """Puts a script into the bucket, and makes a job of it: its name."""

    def make(script, **settings):
        name = f"python-{uuid.uuid4()}"
        over_http.put_object(Bucket=bucket, Key="script.py", Body=script.encode())
        location = f"s3://{bucket}/script.py"
        command = {"Name": "glueetl", "ScriptLocation": location, "PythonVersion": "3"}
        glue.create_job(Name=name, Role="role", Command=command, **settings)
        return name

    return make


def until(holds):
    """The first value that is true."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if found := holds():
            return found
        time.sleep(0.2)
    raise AssertionError("It did not come to that.")


def run_of(glue, job, run_id):
    return glue.get_job_run(JobName=job, RunId=run_id)["JobRun"]


def until_over(glue, job, run_id):
    def over():
        run = run_of(glue, job, run_id)
        return run if run["JobRunState"] in OVER else None

    return until(over)


def test_a_job_is_made_run_and_told_of(glue, make_job):
    job = make_job("import sys\nassert '--x' in sys.argv\n", DefaultArguments={"--y": "of the job"})
    assert glue.get_job(JobName=job)["Job"]["DefaultArguments"] == {"--y": "of the job"}
    run_id = glue.start_job_run(JobName=job, Arguments={"--x": "1"})["JobRunId"]
    run = until_over(glue, job, run_id)
    assert run["JobRunState"] == "SUCCEEDED", run.get("ErrorMessage")
    assert run["Arguments"] == {"--x": "1"}
    assert run["StartedOn"] <= run["CompletedOn"]
    assert run["StartedOn"].tzinfo is not None
    pages = glue.get_paginator("get_job_runs").paginate(JobName=job)
    assert [one["Id"] for page in pages for one in page["JobRuns"]] == [run_id]


def test_a_script_that_fails_tells_why(glue, make_job):
    job = make_job("raise KeyError('missing')")
    run = until_over(glue, job, glue.start_job_run(JobName=job)["JobRunId"])
    assert (run["JobRunState"], run["ErrorMessage"]) == ("FAILED", "KeyError: 'missing'")


def test_no_more_runs_than_allowed_are_under_way_and_one_is_stopped(
    glue, make_job, over_http, bucket
):
    job = make_job(WAITING, DefaultArguments={"--bucket": bucket})
    run_id = glue.start_job_run(JobName=job)["JobRunId"]
    with pytest.raises(glue.exceptions.ConcurrentRunsExceededException):
        glue.start_job_run(JobName=job)
    until(lambda: "Contents" in over_http.list_objects_v2(Bucket=bucket, Prefix="begun"))
    assert run_of(glue, job, run_id)["JobRunState"] == "RUNNING"
    stopped = glue.batch_stop_job_run(JobName=job, JobRunIds=[run_id, "jr_none"])
    assert [one["JobRunId"] for one in stopped["SuccessfulSubmissions"]] == [run_id]
    [fault] = stopped["Errors"]
    assert fault["ErrorDetail"]["ErrorCode"] == "EntityNotFoundException"
    assert until_over(glue, job, run_id)["JobRunState"] == "STOPPED"
    over_http.put_object(Bucket=bucket, Key="go", Body=b"")
    second = glue.start_job_run(JobName=job)["JobRunId"]
    assert until_over(glue, job, second)["JobRunState"] == "SUCCEEDED"


def test_what_is_not_there_and_what_is_not_done_are_told_apart(glue):
    with pytest.raises(glue.exceptions.EntityNotFoundException):
        glue.get_job(JobName="none")
    with pytest.raises(glue.exceptions.EntityNotFoundException):
        glue.start_job_run(JobName="none")
    with pytest.raises(ClientError) as refused:
        glue.get_databases()
    assert refused.value.response["Error"]["Code"] == "NotImplemented"
    assert "GetDatabases" in refused.value.response["Error"]["Message"]
