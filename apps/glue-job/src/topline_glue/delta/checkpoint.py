"""Classic checkpoints, by pyarrow, which Glue has."""

import io
from collections.abc import Iterator

from topline_glue.delta.log import ReadCheckpoint

_ACTIONS = {"protocol", "metaData", "txn", "add", "remove"}


def checkpoint_reader() -> ReadCheckpoint | None:
    """`None` where pyarrow is not installed: then logs are read from their first entry on."""
    try:
        from pyarrow import parquet  # noqa: PLC0415 -- large, and optional
    except ImportError:
        return None

    def read(body: bytes) -> Iterator[object]:
        file = parquet.ParquetFile(io.BytesIO(body))
        known = [name for name in file.schema_arrow.names if name in _ACTIONS]
        for batch in file.iter_batches(columns=known):
            yield from batch.to_pylist(maps_as_pydicts="strict")

    return read
