"""What the parts of an engine share: Spark, a bucket, a plan, and whether to go on."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event

from py4j.protocol import Py4JError
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as f

from topline_glue.aws import ObjectStore
from topline_glue.errors import ToplineError
from topline_glue.model import DataFile
from topline_glue.plan import Plan, Relation
from topline_glue.spark.faults import spark_fault
from topline_glue.spark.session import is_fit_to_little

ZoneFiles = Mapping[str, Sequence[DataFile]]
"""The live files of each zone table."""


@dataclass(frozen=True)
class Bucket:
    """Where objects lie, and how Spark spells that."""

    store: ObjectStore
    name: str
    scheme: str

    def url(self, key: str) -> str:
        return f"{self.scheme}://{self.name}/{key}"

    def delete_all(self, prefix: str) -> None:
        for key in self.store.list(prefix):
            self.store.delete(key)


@dataclass(frozen=True)
class Workspace:
    spark: SparkSession
    """A session of the engine's own."""
    bucket: Bucket
    plan: Plan
    _cancelled: Event = field(default_factory=Event)

    @property
    def cores(self) -> int:
        return self.spark.sparkContext.defaultParallelism

    def cancel(self) -> None:
        """Ends what is under way, from another thread; nothing can be done after it."""
        self._cancelled.set()
        self.spark.sparkContext.cancelAllJobs()

    @contextmanager
    def at(self, what: str) -> Iterator[None]:
        """Spark's faults within are Topline's; `what` names the work, such as `relation songs`.

        Raises `CANCELLED`.
        """
        self._check()
        try:
            yield
        except (Py4JError, PySparkException) as error:
            self._check()
            raise spark_fault(what, error) from error

    def relate(self, relation: Relation, *, is_kept: bool = False) -> DataFrame:
        """What a relation yields once its inputs are as they are now, under its name.

        The rows of one that is kept are computed here and now, until they are released.
        """
        with self.at(f"relation {relation.name}"):
            rows = self.spark.sql(relation.sql)
            if is_kept:
                rows = settled(rows)
            rows.createOrReplaceTempView(relation.name)
            return rows

    def _check(self) -> None:
        if self._cancelled.is_set():
            raise ToplineError("CANCELLED", "The engine was cancelled.")


def settled(rows: DataFrame) -> DataFrame:
    """The same rows, computed once. How is forgotten: what is made of them has a small plan.

    A relation is made of others, and those of others again. Merely persisted, each brings along the
    plans of all before it, and Spark plans, anew after every stage, for longer than it computes.
    """
    if is_fit_to_little(rows.sparkSession):
        # Then nothing that is made of them alone is shuffled. Spark would also go on to tell how
        # the rows lie by columns that are not theirs, and lose itself in them.
        rows = rows.coalesce(1)
    kept = rows.localCheckpoint()
    # With identities of their own: a column that two relations share is one to Spark when a text
    # joins them.
    return kept.select(*(f.col(f"`{name}`").alias(name) for name in kept.columns))


def release(rows: DataFrame) -> None:
    """Of rows that were settled."""
    rows._jdf.logicalPlan().child().rdd().unpersist(False)
