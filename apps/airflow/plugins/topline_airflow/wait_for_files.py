"""The sensor: is there anything in the inbox?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from airflow.sdk import Asset, BaseSensorOperator, Context
from airflow.sdk.exceptions import AirflowSensorTimeout, AirflowSkipException

from topline_airflow.inbox import LOOKED_AT, fingerprint, list_inbox
from topline_airflow.inbox_triggers import FilesTrigger

# Of runs that the scheduler makes, not a person.
_BY_ITSELF = {"asset_triggered", "asset_materialization", "scheduled"}


class WaitForFiles(BaseSensorOperator):
    """Passes at once when a file lies in the inbox; else waits, deferred, and then is skipped.

    A run that the arrival of files has started does not wait: they were taken in by the run before,
    and whatever comes next starts another.

    :param inbox: the asset, in whose state a run keeps what it has looked at
    :param run_id: of Topline; for the log
    :param wait_minutes: how long a run that a person started waits; 0: goes on over an empty inbox
    """

    template_fields: Sequence[str] = ("run_id", "wait_minutes")

    def __init__(
        self,
        *,
        inbox: Asset,
        bucket: str,
        run_id: str,
        wait_minutes: str,
        poll_seconds: float,
        aws_conn_id: str = "aws_default",
        **kwargs: Any,
    ) -> None:
        super().__init__(inlets=[inbox], **kwargs)
        self.bucket = bucket
        self.run_id = run_id
        self.wait_minutes = wait_minutes
        self.poll_seconds = poll_seconds
        self.aws_conn_id = aws_conn_id

    def execute(self, context: Context) -> int:
        """
        :return: how many files there are
        """
        arrivals = list_inbox(self.bucket, self.aws_conn_id)
        if arrivals:
            return self._go_on(context, len(arrivals), fingerprint(arrivals))
        self.log.info("run_id=%s The inbox is empty", self.run_id)
        if _run_type(context) in _BY_ITSELF:
            raise AirflowSkipException("The run before has taken in what had arrived.")
        minutes = int(self.wait_minutes)
        if minutes == 0:
            self.log.info("Not waited for: an open run is finished, what is stale is published.")
            return 0
        self.log.info("Waiting for files, %d min at the most", minutes)
        self.defer(
            trigger=FilesTrigger(self.bucket, self.poll_seconds, self.aws_conn_id),
            method_name="arrived",
            timeout=timedelta(minutes=minutes),
        )
        raise AssertionError("defer returned")

    def arrived(self, context: Context, event: Mapping[str, Any]) -> int:
        return self._go_on(context, event["files"], event["fingerprint"])

    def _go_on(self, context: Context, files: int, seen: str) -> int:
        self.log.info("run_id=%s %d file(s) in the inbox", self.run_id, files)
        # The watcher need not tell of these again.
        context["asset_state_store"].set(LOOKED_AT, seen)
        return files

    def resume_execution(
        self, next_method: str, next_kwargs: dict[str, Any] | None, context: Context
    ) -> Any:
        try:
            return super().resume_execution(next_method, next_kwargs, context)
        except AirflowSensorTimeout as timeout:
            raise AirflowSkipException("No file has come; there is nothing to do.") from timeout


def _run_type(context: Context) -> str:
    kind = context["dag_run"].run_type
    return str(getattr(kind, "value", kind))
