"""The last task: is anything left that no arrival will tell of?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from airflow.sdk import Asset, AssetAlias, BaseOperator, Context
from airflow.sdk.exceptions import AirflowSkipException

from topline_airflow.inbox import list_inbox


class LookAgain(BaseOperator):
    """Asks for another run where this one has finished an older one, and files are left.

    Those files were an arrival once, and this run was its answer: nobody else would look at them
    before the next arrival.

    :param asked: the run that was asked for
    :param run_id: the run that was worked on
    :param inbox: the asset that the DAG is scheduled by
    :param alias: by which it is told
    """

    template_fields: Sequence[str] = ("asked", "run_id")
    ui_color = "#e6f1f2"

    def __init__(
        self,
        *,
        asked: str,
        run_id: str,
        bucket: str,
        inbox: Asset,
        alias: AssetAlias,
        aws_conn_id: str = "aws_default",
        **kwargs: Any,
    ) -> None:
        super().__init__(outlets=[alias], **kwargs)
        self.asked = asked
        self.run_id = run_id
        self.bucket = bucket
        self.inbox_name = inbox.name
        self.alias_name = alias.name
        self.aws_conn_id = aws_conn_id

    def execute(self, context: Context) -> int:
        """
        :return: how many files are left
        """
        if self.run_id == self.asked:
            raise AirflowSkipException("This run took in what it was started for.")
        left = len(list_inbox(self.bucket, self.aws_conn_id))
        if left == 0:
            raise AirflowSkipException("The inbox is empty.")
        self.log.info(
            "run_id=%s was open, and is finished; %d file(s) are left for the next run",
            self.run_id,
            left,
        )
        events = context["outlet_events"][AssetAlias(self.alias_name)]
        events.add(Asset(self.inbox_name), extra={"files": left, "after_run_id": self.run_id})
        return left
