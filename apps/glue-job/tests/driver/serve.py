"""Requests to one SparkSession, one after another, for tests of which a session each would take
hours.

Takes a request a line on stdin, `[name, argument]` in JSON, and answers with a JSON object a line
on stdout: `{"found": …, "fault": null}`, or `fault` as the report would tell it. What else is
written to stdout, by the JVM above all, goes where stderr goes.
"""

import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TextIO

from pyspark.sql import SparkSession
from pyspark.sql import functions as f

from topline_glue.arguments import parse_arguments
from topline_glue.errors import to_fault
from topline_glue.logs import stderr_logger
from topline_glue.main import job_context
from topline_glue.spark import spark_session
from topline_glue.spark.faults import spark_fault
from topline_glue.spark.session import fit_to
from topline_glue.spark.workspace import settled
from topline_glue.step.transform import transform

Rows = list[list[str | None]]


class Serving:
    def __init__(self, spark: SparkSession, answers: TextIO) -> None:
        self._spark = spark
        self._answers = answers

    def run(self) -> None:
        for line in sys.stdin:
            name, argument = json.loads(line)
            answer = {"found": None, "fault": None}
            try:
                answer["found"] = getattr(self, name)(argument)
            except Exception as error:
                answer["fault"] = to_fault(error)
            self._answers.write(f"{json.dumps(answer)}\n")
            self._answers.flush()

    def transform(self, arguments: Sequence[str]) -> None:
        """With the job's arguments."""

        @contextmanager
        def shared() -> Iterator[SparkSession]:
            yield self._spark

        told = parse_arguments(["serve.py", *arguments])
        transform(job_context(told, stderr_logger(), shared), told.run_id)

    def versions(self, asked: Mapping) -> dict[int, Rows]:
        """The rows of every version up to `newest` of the Delta table at `address`, as delta-spark
        reads them.

        Cells are text: instants as microseconds since 1970.
        """
        spark = self._spark.newSession()
        spark.conf.set("spark.databricks.delta.snapshotPartitions", "1")
        fit_to(spark, 0)
        reader = spark.read.format("delta")
        found: dict[int, Rows] = {}
        for version in range(asked["newest"] + 1):
            rows = reader.option("versionAsOf", version).load(asked["address"])
            cells = [
                (f.unix_micros(name) if kind == "timestamp" else f.col(name)).cast("string")
                for name, kind in rows.dtypes
            ]
            found[version] = [list(row) for row in rows.select(*cells).collect()]
        return found

    def lose(self, _: None) -> None:
        """What Spark had kept is asked for once the worker that held it has ended."""
        rows = settled(self._spark.range(10).toDF("number"))
        kept = rows._jdf.logicalPlan().child().rdd()
        manager = self._spark._jvm.org.apache.spark.SparkEnv.get().blockManager()
        manager.master().removeRdd(kept.id(), True)
        try:
            rows.collect()
        except Exception as error:
            raise spark_fault("relation songs", error) from error


# Before the JVM is started, which would have it too.
answers = os.fdopen(os.dup(sys.stdout.fileno()), "w")
os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
with spark_session() as session:
    Serving(session, answers).run()
