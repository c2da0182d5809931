"""Appends listens to the zone's table of streams by delta-rs, one a commit, as another writer than Topline.

Argument: JSON with `storage`, `address`, `commits` (how many), and `by`: `write_deltalake`, or `transaction` for a file of
one's own that is committed afterwards. Prints a line just before each commit.
"""

import io
import json
import sys
from datetime import datetime, timezone

import boto3
import polars as pl
from deltalake import CommitProperties, DeltaTable, write_deltalake
from deltalake.transaction import AddAction

SCHEMA = {
    "user_id": pl.String,
    "track_id": pl.String,
    "listen_time": pl.Datetime("us", "UTC"),
    "source_id": pl.String,
    "date": pl.Date,
}
# Whoever is not first must try again; the other writer may be quicker.
PATIENT = CommitProperties(max_commit_retries=1_000)


def listen(at: int) -> pl.DataFrame:
    time = datetime(2024, 6, 25, 12, 0, 0, at, timezone.utc)
    return pl.DataFrame([[f"delta-rs-{at}", "t1", time, "delta-rs", time.date()]], SCHEMA, orient="row")


def by_write_deltalake(address: str, storage: dict[str, str], at: int) -> None:
    write_deltalake(address, listen(at), mode="append", storage_options=storage, commit_properties=PATIENT)


def by_transaction(address: str, storage: dict[str, str], at: int) -> None:
    path = f"date=2024-06-25/delta-rs-{at}.parquet"
    file = io.BytesIO()
    listen(at).drop("date").write_parquet(file)
    bucket, _, folder = address.removeprefix("s3://").partition("/")
    s3 = boto3.client(
        "s3",
        endpoint_url=storage["AWS_ENDPOINT_URL"],
        region_name=storage["AWS_REGION"],
        aws_access_key_id=storage["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=storage["AWS_SECRET_ACCESS_KEY"],
    )
    s3.put_object(Bucket=bucket, Key=f"{folder}/{path}", Body=file.getvalue())
    table = DeltaTable(address, storage_options=storage)
    size = len(file.getvalue())
    added = AddAction(path, size, {"date": "2024-06-25"}, at, True, json.dumps({"numRecords": 1}))
    table.create_write_transaction([added], "append", table.schema(), ["date"], commit_properties=PATIENT)


def main() -> None:
    asked = json.loads(sys.argv[1])
    append = {"write_deltalake": by_write_deltalake, "transaction": by_transaction}[asked["by"]]
    for at in range(asked["commits"]):
        print(at, flush=True)
        append(asked["address"], asked["storage"], at)


main()
