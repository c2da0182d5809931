"""Relations over the reference tables alone: the catalogue, the users, and what is made of them."""

from collections.abc import Sequence

from pyspark.sql import DataFrame

from topline_glue.model import DataFile
from topline_glue.plan import Relation
from topline_glue.relations import divided, lineage, read_often
from topline_glue.spark.workspace import Workspace, ZoneFiles, release
from topline_glue.spark.zone_rows import ZoneRows

TABLES = ("songs", "users")

_State = tuple[tuple[str, tuple[str, ...]], ...]
"""The files that a relation reads, by table."""


class ReferenceRelations:
    """Their rows are kept for as long as the same files are asked for."""

    def __init__(self, work: Workspace, zone: ZoneRows) -> None:
        self._work = work
        self._zone = zone
        self._relations, _ = divided(work.plan)
        self._reads = lineage(work.plan.relations)
        self._kept = read_often(work.plan) | set(TABLES)
        self._made: dict[str, tuple[_State, DataFrame]] = {}

    def expose(self, files: ZoneFiles) -> None:
        """Makes every relation that reads no listens what these files make it."""
        for table in TABLES:
            self._zone.expose(table, files[table])
        for relation in self._relations:
            self._relate(relation, files)

    def view(self, table: str) -> DataFrame:
        """The rows of `songs` or `users` as they were exposed last."""
        return self._work.spark.table(table)

    def other(self, table: str, files: Sequence[DataFile]) -> DataFrame:
        """The rows of a view over other files of its table. Another `expose` has to follow."""
        self._zone.expose(table, files)
        for relation in self._relations:
            if relation.name in self._reads[table]:
                self._work.relate(relation)
        return self._work.relate(next(one for one in self._relations if one.name == table))

    def close(self) -> None:
        for _, rows in self._made.values():
            release(rows)
        self._made.clear()

    def _relate(self, relation: Relation, files: ZoneFiles) -> None:
        state = tuple(
            (table, tuple(sorted(file.path for file in files[table])))
            for table in TABLES
            if f"{table}_rows" in self._reads[relation.name]
        )
        known, rows = self._made.get(relation.name, (None, None))
        if known == state and rows is not None:
            rows.createOrReplaceTempView(relation.name)
            return
        if rows is not None:
            release(rows)
            del self._made[relation.name]
        is_kept = relation.name in self._kept
        rows = self._work.relate(relation, is_kept=is_kept)
        if is_kept:
            self._made[relation.name] = (state, rows)
