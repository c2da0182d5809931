"""Which relation of a plan reads which. Parses no SQL beyond comments and strings."""

import re
from collections.abc import Iterable, Mapping, Sequence

from topline_glue.plan import Plan, Relation

INPUT_RELATIONS = ("streams_rows", "songs_rows", "users_rows")

_ASIDE = re.compile(r"--[^\n]*|/\*[\s\S]*?\*/|'(?:[^']|'')*'")
_WORD = re.compile(r"[a-z_][a-z0-9_]*")


def names_read(sql: str, names: Iterable[str]) -> list[str]:
    """Those that occur in the text outside comments and strings, as words of any case."""
    words = set(_words(sql))
    return [name for name in names if name in words]


def times_read(sql: str, name: str) -> int:
    """How often the text names it, as `names_read` looks."""
    return _words(sql).count(name)


def _words(sql: str) -> list[str]:
    return _WORD.findall(_ASIDE.sub(" ", sql).lower())


def lineage(ordered: Sequence[Relation]) -> Mapping[str, frozenset[str]]:
    """Every name that each relation reads, by itself or through those before it."""
    read: dict[str, frozenset[str]] = {}
    for relation in ordered:
        direct = names_read(relation.sql, [*INPUT_RELATIONS, *read])
        further = [read[name] for name in direct if name in read]
        read[relation.name] = frozenset(direct).union(*further)
    return read


def divided(plan: Plan) -> tuple[list[Relation], list[Relation]]:
    """Relations that no batch of dates changes, and the others; both in the plan's order."""
    read = lineage(plan.relations)
    timeless = [one for one in plan.relations if "streams_rows" not in read[one.name]]
    return timeless, [one for one in plan.relations if one not in timeless]


def read_often(plan: Plan) -> set[str]:
    """Relations whose rows are worth keeping: texts and tables read them more than once in all."""
    relations = [one.name for one in plan.relations]
    published = {table.relation for table in plan.tables}
    texts = [*plan.relations, *plan.audits, plan.figures]
    read = [name for text in texts for name in names_read(text.sql, relations) if name != text.name]
    return {name for name in relations if read.count(name) + (name in published) > 1}
