"""What a Delta log says of a table's columns. Topline's column types bear Delta's own names."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from topline_glue.errors import ToplineError
from topline_glue.layout import zone_folder
from topline_glue.zone_tables import PARTITIONED_BY, REQUIRED, ZONE_COLUMNS


@dataclass(frozen=True)
class TableMetadata:
    schema_string: str
    partition_columns: Sequence[str]
    configuration: Mapping[str, str]


def partition_columns(table: str) -> list[str]:
    return list(PARTITIONED_BY[table])


def schema_string(table: str) -> str:
    return compact_json({"type": "struct", "fields": _fields(table)})


def table_id(table: str) -> str:
    """The table's GUID, the same wherever and whenever it is made.

    A UUID of version 8 (RFC 9562), that is SHA-256 over name and folder. It tells the tables of
    one zone apart, not one zone from another.
    """
    digits = hashlib.sha256(f"topline\n{table}\n{zone_folder(table)}".encode()).hexdigest()
    variant = f"{(int(digits[16], 16) & 0b0011) | 0b1000:x}"
    return "-".join(
        [
            digits[:8],
            digits[8:12],
            f"8{digits[13:16]}",
            f"{variant}{digits[17:20]}",
            digits[20:32],
        ]
    )


def assert_takes_rows(table: str, metadata: TableMetadata) -> None:
    """Rows of this design fit the table as its log describes it; others' columns are theirs.

    Raises `STATE_CORRUPT`.
    """
    fields = _parse_fields(metadata.schema_string)
    if fields is None:
        raise _unfit(table, "its schemaString is not a Delta schema")
    by_name = {field["name"]: field for field in fields}
    for expected in _fields(table):
        name, kind = expected["name"], expected["type"]
        there = by_name.get(name)
        if there is None:
            raise _unfit(table, f"column {name} must be of type {kind} and is missing")
        if there["type"] != kind:
            found = compact_json(there["type"])
            raise _unfit(table, f"column {name} must be of type {kind} and is of type {found}")
    wanted = ", ".join(partition_columns(table))
    partitions = ", ".join(metadata.partition_columns)
    if partitions != wanted:
        raise _unfit(table, f"it is partitioned by ({partitions}), not by ({wanted})")
    for field in fields:
        if (field.get("metadata") or {}).get("delta.invariants") is not None:
            raise _unfit(
                table, f"column {field['name']} has an invariant, which this writer cannot check"
            )


def compact_json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _fields(table: str) -> list[dict[str, Any]]:
    """The columns of the data files, then the partition columns, which the files do not hold."""
    columns = [
        (column.name, column.type, column.name not in REQUIRED[table])
        for column in ZONE_COLUMNS[table]
    ]
    partitions = [(name, "date", True) for name in partition_columns(table)]
    return [
        {"name": name, "type": kind, "nullable": nullable, "metadata": {}}
        for name, kind, nullable in [*columns, *partitions]
    ]


def _parse_fields(text: str) -> list[dict[str, Any]] | None:
    try:
        found = json.loads(text)
    except ValueError:
        return None
    if not isinstance(found, dict) or found.get("type") != "struct":
        return None
    fields = found.get("fields")
    if isinstance(fields, list) and all(_is_field(field) for field in fields):
        return fields
    return None


def _is_field(field: object) -> bool:
    return (
        isinstance(field, dict)
        and isinstance(field.get("name"), str)
        and "type" in field
        and isinstance(field.get("nullable"), bool)
        and isinstance(field.get("metadata"), dict | None)
    )


def _unfit(table: str, what: str) -> ToplineError:
    return ToplineError(
        "STATE_CORRUPT",
        f"The Delta table in {zone_folder(table)} cannot take Topline's rows: {what}. Nothing was "
        "committed; move that table out of the folder, or undo what changed it.",
    )
