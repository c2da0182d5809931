"""Whether a relation yields what its table spec says, and its values as KPI values."""

import math
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal

from pyspark.sql import DataFrame, Row

from topline_glue.errors import ToplineError
from topline_glue.model import KpiRow, KpiValue
from topline_glue.plan import Column, Plan, TableSpec

_AUDIT = [Column(name, "string") for name in ("audit", "date", "detail")]
_COUNTS = ("listens", "duplicates", "unknown_tracks", "unknown_users")
_FIGURES = [Column("date", "string"), *(Column(name, "integer") for name in _COUNTS)]

_ACCEPTS: Mapping[str, re.Pattern[str]] = {
    "string": re.compile(r"STRING"),
    "integer": re.compile(r"TINYINT|SMALLINT|INT|BIGINT|DECIMAL\(\d+,0\)"),
    "double": re.compile(r"DOUBLE"),
}


def shapes(plan: Plan, relation: str) -> list[Sequence[Column]]:
    """What the plan takes a relation for: an audit, the figures, the rows of tables; or nothing."""
    if any(audit.name == relation for audit in plan.audits):
        return [_AUDIT]
    if plan.figures.name == relation:
        return [_FIGURES]
    return [table.columns for table in plan.tables if table.relation == relation]


def check_shape(relation: str, rows: DataFrame, shape: Sequence[Column]) -> None:
    """Raises `RELATION_INVALID` when a column is missing or of another type."""
    types = {name: kind.upper() for name, kind in rows.dtypes}
    if all(_ACCEPTS[one.type].fullmatch(types.get(one.name, "")) for one in shape):
        return
    expected = ", ".join(f"{one.name} {one.type}" for one in shape)
    yields = ", ".join(f"{name} {kind}" for name, kind in types.items())
    raise ToplineError(
        "RELATION_INVALID",
        f"Relation {relation} does not yield the columns that are expected of it. "
        f"Expected: {expected} (string: STRING, integer: BIGINT or DECIMAL(n,0), double: DOUBLE). "
        f"Found: {yields}.",
    )


def check_keys(table: TableSpec, rows: Sequence[Row]) -> None:
    """Raises `RELATION_INVALID` when a row lacks a part of its key."""
    keys = ("date", table.sort_key)
    lacking = sum(any(row[key] is None or row[key] == "" for key in keys) for row in rows)
    if lacking:
        raise ToplineError(
            "RELATION_INVALID",
            f"Relation {table.relation} yields {lacking} rows without a value in "
            f"{' or '.join(keys)}, the key of table {table.name}. Leave such rows out in its SQL.",
        )


def in_order(table: TableSpec, rows: Sequence[Row]) -> list[Row]:
    """By the table's columns: absent ones first, text by code points."""
    return sorted(
        rows,
        key=lambda row: [(row[name] is not None, row[name]) for name in table.order_by],
    )


def kpi_row(table: TableSpec, row: Row) -> KpiRow:
    """Raises `RELATION_INVALID` for a number that no table can hold."""
    return {column.name: _value(table, column, row[column.name]) for column in table.columns}


def _value(table: TableSpec, column: Column, value: object) -> KpiValue:
    if isinstance(value, float) and not math.isfinite(value):
        told = "NaN" if math.isnan(value) else f"{'-' if value < 0 else ''}Infinity"
        raise ToplineError(
            "RELATION_INVALID",
            f"Relation {table.relation} yields {told} as {column.name}; "
            "expected a finite number of at most 38 digits.",
        )
    return int(value) if isinstance(value, Decimal) else value  # type: ignore[return-value]
