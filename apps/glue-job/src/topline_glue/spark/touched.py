"""The dates with listens that another state of the reference tables tells otherwise."""

from collections.abc import Sequence

from pyspark.sql import DataFrame
from pyspark.sql import functions as f

from topline_glue.model import DataFile
from topline_glue.spark.reference import ReferenceRelations
from topline_glue.spark.session import fit_to
from topline_glue.spark.workspace import Workspace, ZoneFiles, release, settled
from topline_glue.spark.zone_rows import ZoneRows

_KEYS = {"songs": "track_id", "users": "user_id"}
"""By what listens refer to a view's rows."""


class Touching:
    """The way to the dates from two states of the reference tables."""

    def __init__(self, work: Workspace, zone: ZoneRows, reference: ReferenceRelations) -> None:
        self._work = work
        self._zone = zone
        self._reference = reference

    def dates(self, before: ZoneFiles, after: ZoneFiles, views: Sequence[str]) -> list[str]:
        """Ascending: with listens of keys whose rows differ in one of the views."""
        spark = self._work.spark
        changed = [view for view in views if _paths(before[view]) != _paths(after[view])]
        fit_to(spark, sum(file.size for files in after.values() for file in files))
        touched: dict[str, DataFrame] = {}
        try:
            with self._work.at("the dates that the catalogue touches"):
                for view in changed:
                    touched[view] = self._keys(view, before, after)
                touching = [view for view, keys in touched.items() if not keys.isEmpty()]
                return self._dates_of(touching, after["streams"]) if touching else []
        finally:
            for view, keys in touched.items():
                release(keys)
                spark.catalog.dropTempView(_touched(view))

    def _dates_of(self, touching: Sequence[str], streams: Sequence[DataFile]) -> list[str]:
        dated = [file for file in streams if file.partition.get("date") is not None]
        self._zone.expose("streams", dated)
        listens = " OR ".join(
            f"{_KEYS[view]} IN (SELECT key FROM {_touched(view)})" for view in touching
        )
        sql = f"SELECT DISTINCT date FROM streams_rows WHERE {listens}"
        return sorted(row.date for row in self._work.spark.sql(sql).collect())

    def _keys(self, view: str, before: ZoneFiles, after: ZoneFiles) -> DataFrame:
        """Keys whose rows differ on any contract column, in either direction; a view of them."""
        columns = [column.name for column in self._work.plan.datasets[view].columns]
        old = self._reference.other(view, before[view]).select(*columns, f.lit(0).alias("side"))
        self._reference.expose(after)
        new = self._reference.view(view).select(*columns, f.lit(1).alias("side"))
        sides = old.unionAll(new).groupBy(*columns).agg(f.min("side"), f.max("side"))
        one_sided = sides.where(f.col("min(side)") == f.col("max(side)"))
        keys = settled(one_sided.select(f.col(_KEYS[view]).alias("key")).distinct())
        keys.createOrReplaceTempView(_touched(view))
        return keys


def _touched(view: str) -> str:
    return f"topline_touched_{view}"


def _paths(files: Sequence[DataFile]) -> list[str]:
    return sorted(file.path for file in files)
