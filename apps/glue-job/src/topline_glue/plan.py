"""What an engine executes, whichever engine it is: `plan.json`, as `@topline/core` describes it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from topline_glue.errors import ToplineError


@dataclass(frozen=True)
class Column:
    name: str
    type: str


@dataclass(frozen=True)
class Relation:
    name: str
    sql: str


@dataclass(frozen=True)
class DatasetPlan:
    columns: Sequence[Column]
    """The contract's, in contract order; types `string`, `integer`, `long`, `timestamp`."""
    relations: Sequence[Relation]
    """In order; over `lines` and `heads`, each may read those before it."""
    sql: str
    """Over all of these; yields `source, n, is_header, reason, line` and the columns."""


@dataclass(frozen=True)
class Index:
    name: str
    kind: str
    """`global` or `local`."""
    partition_key: str
    sort_key: str


@dataclass(frozen=True)
class TableSpec:
    name: str
    """Without the environment's prefix."""
    relation: str
    columns: Sequence[Column]
    """Every attribute, keys included; types `string`, `integer`, `double`."""
    sort_key: str
    list: Sequence[str]
    """Columns whose equal values make one list to a reader: it is never published in parts."""
    order_by: Sequence[str]
    indexes: Sequence[Index] = ()


@dataclass(frozen=True)
class Limits:
    max_source_bytes: int
    max_quarantine_ratio: float


@dataclass(frozen=True)
class Plan:
    hash: str
    datasets: Mapping[str, DatasetPlan]
    relations: Sequence[Relation]
    """Every relation in order; each may read those before it and `<table>_rows`."""
    audits: Sequence[Relation]
    figures: Relation
    tables: Sequence[TableSpec]
    reads: Sequence[str]
    """The reference views (`songs`, `users`) that some published relation reads."""
    limits: Limits


_FORMATS = (1, 2)
"""In the first, datasets had no relations of their own."""


def parse_plan(document: Mapping, key: str) -> Plan:
    """Raises `STATE_CORRUPT` for a document that is not a plan of a known format."""
    if document.get("format") not in _FORMATS:
        raise ToplineError(
            "STATE_CORRUPT",
            f"{key} has format {document.get('format')!r}; this job knows "
            f"{' and '.join(map(str, _FORMATS))}.",
        )
    try:
        return Plan(
            hash=document["hash"],
            datasets={
                name: DatasetPlan(
                    columns=_columns(found),
                    relations=[_relation(one) for one in found.get("relations", [])],
                    sql=found["sql"],
                )
                for name, found in document["datasets"].items()
            },
            relations=[_relation(found) for found in document["relations"]],
            audits=[_relation(found) for found in document["audits"]],
            figures=_relation(document["figures"]),
            tables=[_table(found) for found in document["tables"]],
            reads=list(document["reads"]),
            limits=Limits(
                document["limits"]["maxSourceBytes"], document["limits"]["maxQuarantineRatio"]
            ),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ToplineError("STATE_CORRUPT", f"{key} is no plan: {error!r}.") from error


def _columns(found: Mapping) -> list[Column]:
    return [Column(column["name"], column["type"]) for column in found["columns"]]


def _relation(found: Mapping) -> Relation:
    return Relation(found["name"], found["sql"])


def _index(found: Mapping) -> Index:
    return Index(found["name"], found["kind"], found["partitionKey"], found["sortKey"])


def _table(found: Mapping) -> TableSpec:
    return TableSpec(
        name=found["name"],
        relation=found["relation"],
        columns=_columns(found),
        sort_key=found["sortKey"],
        list=list(found["list"]),
        order_by=list(found["orderBy"]),
        indexes=[_index(index) for index in found.get("indexes", [])],
    )
