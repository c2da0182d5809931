"""Zones over a store in memory, and what is committed to them."""

import json

import pytest

from topline_glue.delta import DeltaZone
from topline_glue.delta.schema import schema_string
from topline_glue.model import CommitInfo, DataFile, ZoneActions

from .memory_store import MemoryStore

LOG = "processed/streams/_delta_log/"
TIME = 1_719_360_000_000


@pytest.fixture
def store():
    return MemoryStore()


@pytest.fixture
def zone(store):
    return DeltaZone(store)


def log_key(version):
    return f"{LOG}{version:020}.json"


def file_of(stem, date="2024-06-25"):
    return DataFile(f"date=2024-06-25/{stem}.parquet", 100, TIME - 1_000, {"date": date}, 2)


def info_of(run_id="r"):
    return CommitInfo(run_id, "append", "spark 3.5.6", "ab12", TIME)


def commit(zone, *, add=(), remove=(), fence=1, since=-1, run_id="r", data_change=True):
    actions = ZoneActions(list(add), list(remove), data_change)
    return zone.commit("streams", info_of(run_id), fence, since, lambda *_: actions)


def paths_of(zone, version=None):
    return sorted(file.path for file in zone.snapshot("streams", version).files)


def put_lines(store, version, *lines):
    text = "".join(f"{json.dumps(line)}\n" for line in lines)
    store.bodies[log_key(version)] = text.encode()


def read_lines(store, version):
    return [json.loads(line) for line in store.bodies[log_key(version)].decode().split("\n")[:-1]]


def foreign_creation(**protocol):
    """The first entry of a table that somebody else has made."""
    metadata = {
        "id": "5fba94ed-9794-4965-ba6e-6ee3c0d22af9",
        "format": {"provider": "parquet", "options": {}},
        "schemaString": schema_string("streams"),
        "partitionColumns": ["date"],
        "configuration": {},
    }
    versions = {"minReaderVersion": 1, "minWriterVersion": 2, **protocol}
    return [{"protocol": versions}, {"metaData": metadata}]


def foreign_add(path, **more):
    add = {
        "path": path,
        "partitionValues": {"date": "2024-06-25"},
        "size": 7,
        "modificationTime": TIME,
        "dataChange": True,
        "stats": '{"numRecords":5}',
    }
    return {"add": add | more}


def foreign_remove(path, **more):
    return {"remove": {"path": path, "dataChange": True, **more}}
