"""What follows from validate's answer: transform, wait for a dataset, or nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from airflow.sdk import BaseBranchOperator, BaseOperator, Context
from airflow.sdk.exceptions import AirflowFailException

DATASETS = ("users", "songs", "streams")

WAITING_GROUP = "waiting_for"
TRANSFORM_GROUP = "transform"

_DROP = {
    "users": "raw-data/users.csv (or .csv.gz)",
    "songs": "raw-data/songs.csv (or .csv.gz)",
    "streams": "raw-data/streams.csv or raw-data/streams/<any name>.csv (each also .csv.gz)",
}


class ChooseByOutcome(BaseBranchOperator):
    """Reads what validate has answered.

    :param validated: the task whose answer it is
    :param transform: ``glue`` or ``lambda``
    """

    template_fields: Sequence[str] = ("transform",)
    ui_color = "#e8f7e4"

    def __init__(self, *, validated: str, transform: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.validated = validated
        self.transform = transform

    def choose_branch(self, context: Context) -> list[str] | None:
        answer = context["ti"].xcom_pull(task_ids=self.validated)
        self.log.info("run_id=%s status=%s", answer["run_id"], answer["status"])
        return branch_of(answer, self.transform)


def branch_of(answer: dict[str, Any], transform: str) -> list[str] | None:
    """The tasks that are to run; `None`: none."""
    status = answer["status"]
    if status == "ready":
        return [f"{TRANSFORM_GROUP}.{transform}"]
    if status == "waiting":
        return [f"{WAITING_GROUP}.{one}" for one in DATASETS if one in answer["waiting_for"]]
    if status == "nothing-to-do":
        return None
    raise AirflowFailException(f"validate answered with status {status!r}, which is not known.")


class WaitingFor(BaseOperator):
    """Is run where a dataset is missing, and says so: what is waited for is what is not skipped."""

    template_fields: Sequence[str] = ("run_id",)
    ui_color = "#ffe9a8"

    def __init__(self, *, dataset: str, bucket: str, run_id: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.dataset = dataset
        self.bucket = bucket
        self.run_id = run_id

    def execute(self, context: Context) -> str:
        message = waiting_message(self.dataset, self.bucket)
        self.log.info("run_id=%s", self.run_id)
        self.log.warning(message)
        return message


def waiting_message(dataset: str, bucket: str) -> str:
    return (
        f"There are no {dataset} yet: no file that was accepted, and nothing in the zone. Drop "
        f"s3://{bucket}/{_DROP[dataset]}; a run begins by itself then, with all that lies in the "
        "inbox. Until then everything stays where it is."
    )
