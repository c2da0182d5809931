"""Reads every version of Delta tables in S3, by delta-rs (with DataFusion) and by Polars, and prints the rows.

Argument: JSON with `storage` (options of object_store), `tables` ({name: address}), `readers` (names of them), and
`first` (a version; a log that was cleaned up begins later than at 0).
Prints {reader: {table: {version: [[cell, ...], ...]}}}. Cells are text: instants as microseconds since 1970.
"""

import json
import sys

import polars as pl
from deltalake import DeltaTable, QueryBuilder

STAMP = pl.Datetime("us", "UTC")


def cells(frame: pl.DataFrame) -> list[list[str | None]]:
    told = []
    for name, kind in frame.schema.items():
        column = pl.col(name)
        if kind == STAMP:
            column = column.dt.epoch("us")
        elif kind not in (pl.String, pl.Int32, pl.Int64, pl.Date):
            raise TypeError(f"{name} is {kind}, which no table of the zone has")
        told.append(column.cast(pl.String))
    return [list(row) for row in frame.select(told).iter_rows()]


def by_delta_rs(table: DeltaTable, address: str, storage: dict[str, str]) -> pl.DataFrame:
    query = QueryBuilder().register("t", table).execute("SELECT * FROM t")
    return pl.DataFrame(query.read_all())


def by_polars(table: DeltaTable, address: str, storage: dict[str, str]) -> pl.DataFrame:
    return pl.read_delta(address, version=table.version(), storage_options=storage)


READERS = {"delta-rs": by_delta_rs, "polars": by_polars}


def main() -> None:
    asked = json.loads(sys.argv[1])
    storage = asked["storage"]
    told = {reader: {} for reader in asked["readers"]}
    for name, address in asked["tables"].items():
        newest = DeltaTable(address, storage_options=storage).version()
        for version in range(asked["first"], newest + 1):
            table = DeltaTable(address, version=version, storage_options=storage)
            columns = [field.name for field in table.schema().fields]
            for reader, versions in told.items():
                frame = READERS[reader](table, address, storage)
                versions.setdefault(name, {})[version] = cells(frame.select(columns))
    json.dump(told, sys.stdout)


main()
