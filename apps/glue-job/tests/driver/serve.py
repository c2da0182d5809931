"""Requests to one SparkSession, one after another, for tests of which a session each would take
hours.

Takes a request a line on stdin, `[name, argument]` in JSON, and answers with a JSON object a line
on stdout: `{"found": …, "fault": null}`, or `fault` as the report would tell it.
"""

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from pyspark.sql import SparkSession
from pyspark.sql import functions as f

from topline_glue.arguments import parse_arguments
from topline_glue.errors import to_fault
from topline_glue.logs import stderr_logger
from topline_glue.main import job_context
from topline_glue.spark import spark_session
from topline_glue.spark.faults import spark_fault
from topline_glue.spark.workspace import settled
from topline_glue.step.transform import transform

Rows = list[list[str | None]]


class Serving:
    def __init__(self, spark: SparkSession) -> None:
        self._spark = spark

    def run(self) -> None:
        for line in sys.stdin:
            name, argument = json.loads(line)
            answer = {"found": None, "fault": None}
            try:
                answer["found"] = getattr(self, name)(argument)
            except Exception as error:
                answer["fault"] = to_fault(error)
            sys.stdout.write(f"{json.dumps(answer)}\n")
            sys.stdout.flush()

    def transform(self, arguments: Sequence[str]) -> None:
        """With the job's arguments."""

        @contextmanager
        def shared() -> Iterator[SparkSession]:
            yield self._spark

        told = parse_arguments(["serve.py", *arguments])
        transform(job_context(told, stderr_logger(), shared), told.run_id)

    def versions(self, address: str) -> dict[int, Rows]:
        """The rows of every version of a Delta table, as delta-spark reads them.

        Cells are text: instants as microseconds since 1970.
        """
        spark = self._spark.newSession()
        spark.conf.set("spark.databricks.delta.snapshotPartitions", "1")
        spark.conf.set("spark.sql.shuffle.partitions", "1")
        found: dict[int, Rows] = {}
        newest = spark._jvm.org.apache.spark.sql.delta.DeltaLog.forTable(
            spark._jsparkSession, address
        ).update(False, getattr(spark._jvm.scala, "None$").__getattr__("MODULE$"))
        for version in range(newest.version() + 1):
            rows = spark.read.format("delta").option("versionAsOf", version).load(address)
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


with spark_session() as session:
    Serving(session).run()
