import pytest

from topline_glue.errors import ToplineError
from topline_glue.plan import Relation, parse_plan
from topline_glue.relations import times_read

COLUMN = {"name": "track_id", "type": "string", "nullable": False}
PART = {"name": "records", "sql": "SELECT * FROM lines"}


def document(format_: object, **dataset: object) -> dict:
    return {
        "format": format_,
        "hash": "0" * 64,
        "datasets": {"songs": {"columns": [COLUMN], "sql": "SELECT * FROM records", **dataset}},
        "relations": [],
        "audits": [],
        "figures": PART,
        "tables": [],
        "reads": [],
        "limits": {"maxSourceBytes": 1, "maxQuarantineRatio": 0.5},
    }


def test_a_dataset_has_relations_of_its_own() -> None:
    songs = parse_plan(document(2, relations=[PART]), "plan.json").datasets["songs"]
    assert songs.relations == [Relation("records", "SELECT * FROM lines")]
    assert songs.sql == "SELECT * FROM records"


def test_a_plan_from_before_they_had_is_read() -> None:
    songs = parse_plan(document(1), "plan.json").datasets["songs"]
    assert (songs.relations, songs.sql) == ([], "SELECT * FROM records")


@pytest.mark.parametrize("format_", [3, "2", None])
def test_a_plan_of_another_format_is_refused_with_those_that_are_known(format_: object) -> None:
    with pytest.raises(ToplineError) as refused:
        parse_plan(document(format_), "plan.json")
    assert refused.value.code == "STATE_CORRUPT"
    assert str(refused.value).endswith(f"plan.json has format {format_!r}; this job knows 1 and 2.")


def test_what_a_text_names_is_counted_outside_comments_and_strings() -> None:
    sql = "-- good\nSELECT 'good', is_good FROM Good g JOIN good ON g.i = good.i"
    assert times_read(sql, "good") == 3
    assert times_read(sql, "goods") == 0
