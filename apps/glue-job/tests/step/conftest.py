"""A run that `validate` has frozen, in memory."""

import json
from collections.abc import Mapping

import pytest

from topline_glue.layout import DATASETS

from .fakes import World

PLAN = {
    "format": 2,
    "hash": "a" * 64,
    "recordsHash": "b" * 64,
    "datasets": {name: {"columns": [], "relations": [], "sql": "SELECT 1"} for name in DATASETS},
    "relations": [{"name": "genre_kpis", "sql": "SELECT 1"}],
    "audits": [],
    "figures": {"name": "date_figures", "sql": "SELECT 1"},
    "tables": [
        {
            "name": "GENRE_KPIS",
            "relation": "genre_kpis",
            "columns": [{"name": "date", "type": "string"}, {"name": "genre", "type": "string"}],
            "sortKey": "genre",
            "list": ["genre"],
            "indexes": [],
            "orderBy": ["genre"],
        }
    ],
    "reads": ["songs"],
    "limits": {"maxSourceBytes": 1000, "maxQuarantineRatio": 0.5},
}


def manifest(run_id: str = "run-1", **changes: object) -> Mapping[str, object]:
    nothing = {"songs": -1, "users": -1, "streams": -1}
    source = {
        "source_id": "0123456789abcdef",
        "key": "raw-data/streams/a.csv",
        "name": "streams/a.csv",
        "dataset": "streams",
        "compression": "none",
        "etag": '"e"',
        "size": 1,
        "arrived_at": "2026-01-01T00:00:00.000Z",
        "head": {
            "record": "user_id,track_id,listen_time",
            "width": 3,
            "positions": {"user_id": 0, "track_id": 1, "listen_time": 2},
            "extraColumns": [],
        },
        "refused": None,
    }
    return {
        "run_id": run_id,
        "run_date": "2026-01-01",
        "started_at": "2026-01-01T00:00:00.000Z",
        "intake": 7,
        "zone": nothing,
        "cursor": None,
        "sources": [source],
        "warnings": [],
        **changes,
    }


def freeze(world: World, run_id: str = "run-1", plan: Mapping = PLAN, **changes: object) -> None:
    """Puts the documents that `validate` leaves."""
    documents = {"plan.json": plan, "manifest.json": manifest(run_id, **changes)}
    for name, document in documents.items():
        world.store.objects[f"runs/{run_id}/{name}"] = json.dumps(document).encode()


@pytest.fixture
def world() -> World:
    made = World()
    freeze(made)
    return made
