"""A plan's relations over no rows: what is wrong with one shows before anything is read."""

from topline_glue.errors import ToplineError
from topline_glue.layout import DATASETS
from topline_glue.plan import Relation
from topline_glue.spark.relation_shape import check_shape, shapes
from topline_glue.spark.workspace import Workspace
from topline_glue.spark.zone_rows import ZoneRows


def bind_relations(work: Workspace, zone: ZoneRows) -> None:
    """Raises `RELATION_INVALID`."""
    plan = work.plan
    for table in DATASETS:
        zone.expose(table, [])
    for relation in [*plan.relations, *plan.audits, plan.figures]:
        _bind(work, relation)
    for table in plan.tables:
        if all(relation.name != table.relation for relation in plan.relations):
            raise ToplineError(
                "RELATION_INVALID",
                f"Table {table.name} publishes relation {table.relation}, "
                "which the plan does not have.",
            )


def _bind(work: Workspace, relation: Relation) -> None:
    try:
        with work.at(f"relation {relation.name}"):
            rows = work.spark.sql(relation.sql)
            # Its columns are all that later ones see of it: so their plans stay small.
            none = work.spark.createDataFrame([], rows.schema)
            none.createOrReplaceTempView(relation.name)
    except ToplineError as error:
        if error.code != "ENGINE_FAILED":
            raise
        raise ToplineError(
            "RELATION_INVALID",
            f"The SQL of relation {relation.name} does not run: {error.message}",
        ) from error
    for shape in shapes(work.plan, relation.name):
        check_shape(relation.name, rows, shape)
