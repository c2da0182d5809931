"""What a log says of a table's columns, and which tables take Topline's rows."""

import json
import re

import pytest

from topline_glue.delta.schema import TableMetadata, assert_takes_rows, schema_string, table_id
from topline_glue.errors import ToplineError
from topline_glue.layout import DATASETS

FIELDS = json.loads(schema_string("streams"))["fields"]


def metadata(fields, partitions=("date",)):
    return TableMetadata(json.dumps({"type": "struct", "fields": fields}), partitions, {})


def other(**more):
    return {"name": "rating", "type": "double", "nullable": True, "metadata": {}} | more


def test_the_id_of_a_table_is_a_uuid_of_its_own():
    ids = [table_id(table) for table in DATASETS]
    assert len(set(ids)) == 3
    for found in ids:
        assert re.fullmatch("[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-.{12}", found)


def test_the_partition_comes_after_the_columns_of_the_files():
    assert [(field["name"], field["type"], field["nullable"]) for field in FIELDS] == [
        ("user_id", "string", False),
        ("track_id", "string", False),
        ("listen_time", "timestamp", False),
        ("source_id", "string", False),
        ("date", "date", True),
    ]


def test_a_table_with_columns_of_others_takes_rows():
    assert_takes_rows("streams", metadata([other(), *reversed(FIELDS)]))


@pytest.mark.parametrize(
    ("found", "message"),
    [
        (metadata(FIELDS[1:]), "user_id must be of type string and is missing"),
        (
            metadata([{**FIELDS[0], "type": {"type": "array"}}, *FIELDS[1:]]),
            'is of type {"type":"array"}',
        ),
        (metadata(FIELDS, []), r"partitioned by \(\), not by \(date\)"),
        (TableMetadata("{", ["date"], {}), "not a Delta schema"),
        (metadata([{"name": "a"}]), "not a Delta schema"),
        (
            metadata([other(metadata={"delta.invariants": "{}"}), *FIELDS]),
            "rating has an invariant",
        ),
    ],
)
def test_a_table_of_another_shape_takes_none(found, message):
    with pytest.raises(ToplineError, match=message) as raised:
        assert_takes_rows("streams", found)
    assert raised.value.code == "STATE_CORRUPT"
