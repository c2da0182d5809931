"""Changes a table of listens by delta-rs, step by step.

Argument: JSON with `storage`, `address` and `steps`, each a list: the name of a function here, then its arguments.
Prints the version after each step as JSON.
"""

import json
import sys
from datetime import datetime, timedelta, timezone

import polars as pl
from deltalake import CommitProperties, DeltaTable, TableFeatures, Transaction, write_deltalake

SCHEMA = {
    "user_id": pl.String,
    "track_id": pl.String,
    "listen_time": pl.Datetime("us", "UTC"),
    "source_id": pl.String,
    "date": pl.Date,
}


def append(
    table: str,
    storage: dict[str, str],
    user: str,
    date: str,
    listens: int,
    application: str | None = None,
    version: int = 0,
) -> None:
    midnight = datetime.fromisoformat(date).replace(tzinfo=timezone.utc)
    times = [midnight + timedelta(hours=at, microseconds=at) for at in range(listens)]
    rows = [[user, "t1", time, "delta-rs", time.date()] for time in times]
    frame = pl.DataFrame(rows, SCHEMA, orient="row")
    transactions = [] if application is None else [Transaction(application, version)]
    write_deltalake(
        table,
        frame,
        mode="append",
        partition_by=["date"],
        storage_options=storage,
        commit_properties=CommitProperties(app_transactions=transactions),
    )


def compact(table: str, storage: dict[str, str]) -> None:
    DeltaTable(table, storage_options=storage).optimize.compact()


def order(table: str, storage: dict[str, str]) -> None:
    DeltaTable(table, storage_options=storage).optimize.z_order(["user_id"])


def delete(table: str, storage: dict[str, str], predicate: str) -> None:
    DeltaTable(table, storage_options=storage).delete(predicate)


def update(table: str, storage: dict[str, str], column: str, value: str, predicate: str) -> None:
    DeltaTable(table, storage_options=storage).update({column: value}, predicate=predicate)


def restore(table: str, storage: dict[str, str], version: int) -> None:
    DeltaTable(table, storage_options=storage).restore(version)


def set_property(table: str, storage: dict[str, str], name: str, value: str) -> None:
    DeltaTable(table, storage_options=storage).alter.set_table_properties({name: value})


def add_feature(table: str, storage: dict[str, str], name: str) -> None:
    feature = getattr(TableFeatures, name)
    alter = DeltaTable(table, storage_options=storage).alter
    alter.add_feature(feature, allow_protocol_versions_increase=True)


def checkpoint(table: str, storage: dict[str, str]) -> None:
    DeltaTable(table, storage_options=storage).create_checkpoint()


def clean_up(table: str, storage: dict[str, str]) -> None:
    """Removes what the newest checkpoint made superfluous and the log's retention does not hold."""
    DeltaTable(table, storage_options=storage).cleanup_metadata()


def main() -> None:
    asked = json.loads(sys.argv[1])
    address, storage = asked["address"], asked["storage"]
    versions = []
    for name, *arguments in asked["steps"]:
        globals()[name](address, storage, *arguments)
        versions.append(DeltaTable(address, storage_options=storage).version())
    json.dump(versions, sys.stdout)


main()
