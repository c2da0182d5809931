"""The three Delta tables of the zone: the columns of their data files, without the partition's."""

from topline_glue.plan import Column

_CONTRACTS = {
    "songs": [
        Column("track_id", "string"),
        Column("artists", "string"),
        Column("album_name", "string"),
        Column("track_name", "string"),
        Column("duration_ms", "integer"),
        Column("track_genre", "string"),
    ],
    "users": [
        Column("user_id", "string"),
        Column("user_name", "string"),
        Column("user_age", "integer"),
        Column("user_country", "string"),
        Column("created_at", "string"),
    ],
    "streams": [
        Column("user_id", "string"),
        Column("track_id", "string"),
        Column("listen_time", "timestamp"),
    ],
}

_SOURCE = Column("source_id", "string")
_INTAKE = Column("intake", "long")

ZONE_COLUMNS = {
    "songs": [*_CONTRACTS["songs"], _SOURCE, _INTAKE],
    "users": [*_CONTRACTS["users"], _SOURCE, _INTAKE],
    "streams": [*_CONTRACTS["streams"], _SOURCE],
}

PARTITIONED_BY = {"songs": [], "users": [], "streams": ["date"]}

REQUIRED = {
    "songs": {"track_id", "duration_ms", "track_genre", "source_id", "intake"},
    "users": {"user_id", "source_id", "intake"},
    "streams": {"user_id", "track_id", "listen_time", "source_id"},
}
"""Columns of which no value is null."""
