"""Runs of the Glue job: which is whose, and what their states mean."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airflow.providers.amazon.aws.hooks.base_aws import AwsBaseHook

LIVE = frozenset({"STARTING", "RUNNING", "WAITING", "STOPPING"})

_CONFIG = {"connect_timeout": 5, "read_timeout": 20}
_PAGE = 200


def glue_hook(aws_conn_id: str, attempts: int = 5) -> AwsBaseHook:
    retries = {"mode": "standard", "total_max_attempts": attempts}
    return AwsBaseHook(
        aws_conn_id=aws_conn_id, client_type="glue", config={**_CONFIG, "retries": retries}
    )


def find_live_run(client: Any, job_name: str, identity: Mapping[str, str]) -> dict | None:
    """The run of a job that was given these arguments and is not over.

    Glue lists the newest first: the first page without any live run ends the search.
    """
    pages = client.get_paginator("get_job_runs").paginate(
        JobName=job_name, PaginationConfig={"PageSize": _PAGE}
    )
    for page in pages:
        live = [run for run in page["JobRuns"] if run.get("JobRunState") in LIVE]
        for run in live:
            given = run.get("Arguments", {})
            if all(given.get(name) == value for name, value in identity.items()):
                return run
        if not live:
            return None
    return None


def stop_run(client: Any, job_name: str, job_run_id: str) -> None:
    """One that has ended already stays as it is."""
    client.batch_stop_job_run(JobName=job_name, JobRunIds=[job_run_id])
