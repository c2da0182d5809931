"""Transforms run after run in one SparkSession, for tests of which a session each would take hours.

Takes the job's arguments as a JSON list a line on stdin, and answers with a JSON object a line on
stdout: `{"fault": null}`, or the fault as Glue would tell it.
"""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from pyspark.sql import SparkSession

from topline_glue.arguments import parse_arguments
from topline_glue.logs import stderr_logger
from topline_glue.main import job_context
from topline_glue.spark import spark_session
from topline_glue.step.transform import transform


def serve(spark: SparkSession) -> None:
    @contextmanager
    def shared() -> Iterator[SparkSession]:
        yield spark

    for line in sys.stdin:
        arguments = parse_arguments(["serve.py", *json.loads(line)])
        fault = None
        try:
            transform(job_context(arguments, stderr_logger(), shared), arguments.run_id)
        except Exception as error:
            fault = str(error) or repr(error)
        sys.stdout.write(f"{json.dumps({'fault': fault})}\n")
        sys.stdout.flush()


with spark_session() as session:
    serve(session)
