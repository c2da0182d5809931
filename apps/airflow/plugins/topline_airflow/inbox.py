"""What lies in the inbox: the rule of core's `layout.ts`, and two ways to list it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from airflow.providers.amazon.aws.hooks.s3 import S3Hook

INBOX = "raw-data/"

LOOKED_AT = "looked_at"
"""The key of the asset's state with the fingerprint of the inbox that a run saw last."""

# Reference files and one file of streams by name, further ones by folder. Whatever else lies in the
# inbox is left alone.
_TAKEN = re.compile(r"raw-data/(?:(?:users|songs|streams)|streams/.*)\.csv(?:\.gz)?", re.DOTALL)

LISTING_CONFIG = {
    "retries": {"mode": "standard", "max_attempts": 3},
    "connect_timeout": 5,
    "read_timeout": 20,
}


@dataclass(frozen=True, slots=True, order=True)
class Arrival:
    """One object of the inbox as it came: another upload under its key is another arrival."""

    key: str
    etag: str
    arrived: str


def is_taken(key: str) -> bool:
    return _TAKEN.fullmatch(key) is not None


def fingerprint(arrivals: Iterable[Arrival]) -> str:
    """Equal for the same arrivals in any order."""
    digest = hashlib.sha256()
    for one in sorted(arrivals):
        digest.update(f"{one.key}\0{one.etag}\0{one.arrived}\n".encode())
    return digest.hexdigest()


def list_inbox(bucket: str, aws_conn_id: str) -> frozenset[Arrival]:
    """From a task."""
    client = _hook(aws_conn_id).get_conn()
    found: set[Arrival] = set()
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=INBOX):
        found |= _arrivals(page)
    return frozenset(found)


async def list_inbox_async(client, bucket: str) -> frozenset[Arrival]:
    """From a trigger, by a client of aiobotocore."""
    found: set[Arrival] = set()
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=INBOX)
    async for page in pages:
        found |= _arrivals(page)
    return frozenset(found)


async def listing_client(aws_conn_id: str):
    """To be entered by ``async with``."""
    return await _hook(aws_conn_id).get_async_conn()


def _hook(aws_conn_id: str) -> S3Hook:
    return S3Hook(aws_conn_id=aws_conn_id, config=dict(LISTING_CONFIG))


def _arrivals(page: Mapping) -> set[Arrival]:
    return {
        Arrival(one["Key"], one["ETag"], one["LastModified"].isoformat())
        for one in page.get("Contents", ())
        if is_taken(one["Key"])
    }
