"""Objects of an S3 bucket."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from botocore.client import BaseClient

from topline_glue.aws.object_body import ObjectBody
from topline_glue.aws.retries import retrying
from topline_glue.aws.s3_faults import is_conflict, s3_fault
from topline_glue.clock import SYSTEM_CLOCK, Clock
from topline_glue.errors import ToplineError


@dataclass(frozen=True)
class StoredObject:
    """A key, and what a listing tells of its object."""

    key: str
    size: int
    """Bytes."""
    etag: str
    """Opaque, compared whole."""


class ObjectStore:
    """Objects by key in one bucket, which must exist. Reads after writes are consistent.

    Every call may raise `STORE_UNAVAILABLE` (retryable) or `STORE_REFUSED`.
    """

    def __init__(self, client: BaseClient, bucket: str, clock: Clock = SYSTEM_CLOCK) -> None:
        self._client = client
        self._bucket = bucket
        self._clock = clock

    def read(self, key: str) -> bytes | None:
        """`None` where no object has the key."""
        try:
            with self.open(key) as body:
                return body.read()
        except ToplineError as error:
            if error.code == "OBJECT_NOT_FOUND":
                return None
            raise

    def read_text(self, key: str) -> str | None:
        """UTF-8, a BOM not counted. Raises `STATE_CORRUPT`; `None` where no object has the key."""
        found = self.read(key)
        try:
            return None if found is None else found.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise ToplineError("STATE_CORRUPT", f"{key} is not UTF-8.") from error

    def open(self, key: str) -> ObjectBody:
        """The bytes, once, in order; goes on where a line breaks. To be closed.

        An object that is replaced meanwhile gives all the old bytes, or `OBJECT_CHANGED`; never a
        mix. Raises `OBJECT_NOT_FOUND`.
        """
        return ObjectBody(self._client, self._bucket, key, self._clock)

    def size(self, key: str) -> int:
        """Bytes. Raises `OBJECT_NOT_FOUND`."""
        return self._call("HeadObject", self._client.head_object, Key=key)["ContentLength"]

    def put(
        self,
        key: str,
        body: bytes,
        content_type: str | None = None,
        if_none_match: bool = False,
    ) -> None:
        """Whole or absent. With `if_none_match`, only if the key is free.

        Raises `OBJECT_EXISTS` when it is not. After an answer that was lost, the caller may find
        its own object: compare before giving up.
        """
        options: dict[str, Any] = {}
        if content_type is not None:
            options["ContentType"] = content_type
        if if_none_match:
            options["IfNoneMatch"] = "*"
        self._call("PutObject", self._client.put_object, Key=key, Body=body, **options)

    def list(self, prefix: str) -> Iterator[str]:
        """Keys under `prefix` in the order of their UTF-8 bytes, page by page."""
        return (found.key for found in self.objects(prefix))

    def objects(self, prefix: str) -> Iterator[StoredObject]:
        """Like `list`, with what the listing tells of each."""
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=prefix
        )
        try:
            for page in pages:
                for found in page.get("Contents", []):
                    yield StoredObject(found["Key"], found["Size"], found["ETag"])
        except Exception as error:
            raise s3_fault(error, "ListObjectsV2", self._bucket) from error

    def delete(self, key: str) -> None:
        """Deleting what is not there is done."""
        self._call("DeleteObject", self._client.delete_object, Key=key)

    def _call(self, operation: str, method: Any, **request: Any) -> Any:
        try:
            return retrying(
                self._clock, is_conflict, lambda: method(Bucket=self._bucket, **request)
            )
        except Exception as error:
            raise s3_fault(error, operation, self._bucket, request["Key"]) from error
