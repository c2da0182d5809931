"""What the step transform has left in the bucket: its part of the run's report."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from airflow.providers.amazon.aws.hooks.s3 import S3Hook
from botocore.exceptions import ClientError


def part_key(run_id: str) -> str:
    return f"runs/{run_id}/transform.json"


def read_part(bucket: str, run_id: str, aws_conn_id: str) -> dict[str, Any] | None:
    """`None` where there is none, or none that can be read as one."""
    client = S3Hook(aws_conn_id=aws_conn_id).get_conn()
    try:
        body = client.get_object(Bucket=bucket, Key=part_key(run_id))["Body"].read()
    except ClientError as error:
        if error.response["Error"]["Code"] in {"NoSuchKey", "404"}:
            return None
        raise
    try:
        part = json.loads(body)
    except ValueError:
        return None
    return part if isinstance(part, dict) else None


def summary_of(part: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Of a step that has succeeded, in the words of the function that does the same."""
    if part is None or part.get("status") != "succeeded" or "result" not in part:
        return None
    result = part["result"]
    sources = result["sources"]
    return {
        "run_id": result["run_id"],
        "engine": result["engine"],
        "plan_hash": result["plan_hash"],
        "rows": _sum(one["rows"] for one in sources),
        "accepted": _sum(one["accepted"] for one in sources),
        "quarantined": _sum(n for one in sources for n in one["quarantined"].values()),
        "refused": sum(1 for one in sources if one["refused"] is not None),
        "dates": len(result["dates"]),
        "tables": result["tables"],
    }


def error_since(part: Mapping[str, Any] | None, started_on: str | None) -> dict[str, Any] | None:
    """The fault that an attempt recorded which began then or later: that of a job run."""
    if part is None or part.get("status") != "failed" or started_on is None:
        return None
    began = datetime.fromisoformat(part["started_at"].replace("Z", "+00:00"))
    return part.get("error") if began >= datetime.fromisoformat(started_on) else None


def _sum(counts: Iterable[int | str]) -> int:
    """Counts beyond 2^53 are kept as text."""
    return sum(int(count) for count in counts)
