"""The bytes of an object, over lines that break."""

import io
from typing import Any

from botocore.client import BaseClient

from topline_glue.aws.retries import retrying
from topline_glue.aws.s3_faults import is_broken_line, s3_fault
from topline_glue.clock import Clock

_PIECE = 8 * 1024**2
"""Bytes that are asked for again at most where a line breaks."""


class ObjectBody(io.RawIOBase):
    """Read once, in order. Where the line breaks, the rest is asked for under the ETag."""

    def __init__(self, client: BaseClient, bucket: str, key: str, clock: Clock) -> None:
        super().__init__()
        self._client = client
        self._bucket = bucket
        self._key = key
        self._clock = clock
        self._at = 0
        self._body: Any = None
        first = self._get()
        self.size: int = first["ContentLength"]
        """Bytes."""
        self.etag: str = first["ETag"]
        self._body = first["Body"]

    def readable(self) -> bool:
        return True

    def read(self, size: int | None = -1) -> bytes:
        """At most `size` bytes, and none only at the end; without `size` all the rest."""
        if size is None or size < 0:
            return b"".join(iter(lambda: self.read(_PIECE), b""))
        if size == 0 or self._at == self.size:
            return b""
        try:
            found = retrying(self._clock, is_broken_line, lambda: self._read(size))
        except Exception as error:
            raise s3_fault(error, "GetObject", self._bucket, self._key) from error
        self._at += len(found)
        return found

    def readinto(self, buffer: Any) -> int:
        found = self.read(len(buffer))
        buffer[: len(found)] = found
        return len(found)

    def close(self) -> None:
        self._drop()
        super().close()

    def _read(self, size: int) -> bytes:
        if self._body is None:
            condition = {"IfMatch": self.etag, "Range": f"bytes={self._at}-{self.size - 1}"}
            self._body = self._get(**condition)["Body"]
        try:
            return self._body.read(size)
        except Exception:
            self._drop()
            raise

    def _get(self, **condition: str) -> dict[str, Any]:
        try:
            return self._client.get_object(Bucket=self._bucket, Key=self._key, **condition)
        except Exception as error:
            raise s3_fault(error, "GetObject", self._bucket, self._key) from error

    def _drop(self) -> None:
        if self._body is not None:
            self._body.close()
        self._body = None
