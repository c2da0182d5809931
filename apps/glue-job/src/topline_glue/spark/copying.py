"""Copies within the bucket, of objects of any size."""

from boto3.s3.transfer import TransferConfig

from topline_glue.aws import s3_client
from topline_glue.aws.s3_faults import s3_fault

_MULTIPART = TransferConfig(multipart_threshold=1024**3, multipart_chunksize=512 * 1024**2)
"""S3 copies at most 5 GiB in one call."""


class Copier:
    """May be used by many threads."""

    def __init__(self, bucket: str) -> None:
        self._bucket = bucket
        self._client = s3_client()

    def copy(self, source: str, key: str) -> None:
        """Whole or not at all. Raises `OBJECT_NOT_FOUND`, `STORE_UNAVAILABLE`, `STORE_REFUSED`."""
        origin = {"Bucket": self._bucket, "Key": source}
        try:
            self._client.copy(origin, self._bucket, key, Config=_MULTIPART)
        except Exception as error:
            raise s3_fault(error, "CopyObject", self._bucket, source) from error
