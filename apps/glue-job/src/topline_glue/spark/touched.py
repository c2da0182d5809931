"""The dates with listens that another state of the reference tables tells otherwise."""

from collections.abc import Sequence

from pyspark import StorageLevel
from pyspark.sql import DataFrame

from topline_glue.model import DataFile
from topline_glue.spark.compute import relate
from topline_glue.spark.relations import lineage
from topline_glue.spark.session import fit_partitions
from topline_glue.spark.workspace import Workspace, ZoneFiles
from topline_glue.spark.zone_rows import ZoneRows

_KEYS = {"songs": "track_id", "users": "user_id"}
"""By what listens refer to a view's rows."""


class Touching:
    """Two states of the reference tables."""

    def __init__(
        self, work: Workspace, zone: ZoneRows, before: ZoneFiles, after: ZoneFiles
    ) -> None:
        self._work = work
        self._zone = zone
        self._before = before
        self._after = after

    def dates(self, views: Sequence[str]) -> list[str]:
        """Ascending: with listens of keys whose rows differ in one of the views."""
        spark = self._work.spark
        fit_partitions(spark, sum(file.size for files in self._after.values() for file in files))
        touched = {view: self._keys(view) for view in views if self._differs(view)}
        try:
            with self._work.at("the dates that the catalogue touches"):
                touching = [view for view, keys in touched.items() if not keys.isEmpty()]
            return self._dates_of(touching) if touching else []
        finally:
            for view, keys in touched.items():
                keys.unpersist()
                spark.catalog.dropTempView(_touched(view))

    def _dates_of(self, touching: Sequence[str]) -> list[str]:
        streams = self._after["streams"]
        dated = [file for file in streams if file.partition.get("date") is not None]
        self._zone.expose("streams", dated)
        listens = " OR ".join(
            f"{_KEYS[view]} IN (SELECT key FROM {_touched(view)})" for view in touching
        )
        with self._work.at("the dates that the catalogue touches"):
            sql = f"SELECT DISTINCT date FROM streams_rows WHERE {listens}"
            return sorted(row.date for row in self._work.spark.sql(sql).collect())

    def _differs(self, view: str) -> bool:
        return _paths(self._before[view]) != _paths(self._after[view])

    def _keys(self, view: str) -> DataFrame:
        """Keys whose rows differ on any contract column, in either direction; a view of them."""
        old, new = (self._state(view, zone[view]) for zone in (self._before, self._after))
        differing = old.subtract(new).unionAll(new.subtract(old))
        key = _KEYS[view]
        keys = differing.select(key).distinct().withColumnRenamed(key, "key")
        keys.persist(StorageLevel.MEMORY_AND_DISK).createOrReplaceTempView(_touched(view))
        return keys

    def _state(self, view: str, files: Sequence[DataFile]) -> DataFrame:
        plan = self._work.plan
        needed = lineage(plan.relations).get(view, frozenset())
        self._zone.expose(view, files)
        rows = [
            relate(self._work, relation)
            for relation in plan.relations
            if relation.name == view or relation.name in needed
        ]
        return rows[-1].select(*(column.name for column in plan.datasets[view].columns))


def _touched(view: str) -> str:
    return f"topline_touched_{view}"


def _paths(files: Sequence[DataFile]) -> list[str]:
    return sorted(file.path for file in files)
