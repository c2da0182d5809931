"""Looks at a run of the Glue job until it is over."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from airflow.triggers.base import BaseTrigger, TriggerEvent
from botocore.exceptions import ClientError

from topline_airflow.glue_runs import LIVE, glue_hook

FIRST_PAUSE = 1.0

UNSEEN = "UNSEEN"
"""The state of a run that could not be looked at any more."""

_MOST_MISSES = 10

_REFUSALS = {"AccessDeniedException", "EntityNotFoundException", "InvalidInputException"}


class GlueRunTrigger(BaseTrigger):
    """Fires once, with the run's last state; stops the run when a person ends or clears the task.

    :param longest_pause: seconds between two looks, at the most; it begins with one second
    """

    def __init__(
        self, job_name: str, job_run_id: str, aws_conn_id: str, longest_pause: float
    ) -> None:
        super().__init__()
        self.job_name = job_name
        self.job_run_id = job_run_id
        self.aws_conn_id = aws_conn_id
        self.longest_pause = longest_pause

    def serialize(self) -> tuple[str, dict[str, Any]]:
        return (
            f"{type(self).__module__}.{type(self).__qualname__}",
            {
                "job_name": self.job_name,
                "job_run_id": self.job_run_id,
                "aws_conn_id": self.aws_conn_id,
                "longest_pause": self.longest_pause,
            },
        )

    async def run(self) -> AsyncIterator[TriggerEvent]:
        pause = min(FIRST_PAUSE, self.longest_pause)
        misses = 0
        last = ""
        while True:
            try:
                run = await self._look()
                misses = 0
            except Exception as error:  # the network, Glue: the run goes on meanwhile
                misses += 1
                self.log.warning("Job run %s was not to be seen: %s", self.job_run_id, error)
                if misses >= _MOST_MISSES or _is_refused(error):
                    yield TriggerEvent({"state": UNSEEN, "error_message": str(error)})
                    return
            else:
                state = run.get("JobRunState", "UNKNOWN")
                if state != last:
                    self.log.info("Job run %s: %s", self.job_run_id, state)
                    last = state
                if state not in LIVE:
                    yield TriggerEvent(_event(state, run))
                    return
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, self.longest_pause)

    async def on_kill(self) -> None:
        async with await glue_hook(self.aws_conn_id).get_async_conn() as client:
            await client.batch_stop_job_run(JobName=self.job_name, JobRunIds=[self.job_run_id])
        self.log.info("Job run %s was told to stop", self.job_run_id)

    async def _look(self) -> dict[str, Any]:
        async with await glue_hook(self.aws_conn_id).get_async_conn() as client:
            answer = await client.get_job_run(JobName=self.job_name, RunId=self.job_run_id)
            return answer["JobRun"]


def _event(state: str, run: dict[str, Any]) -> dict[str, Any]:
    started = run.get("StartedOn")
    return {
        "state": state,
        "error_message": run.get("ErrorMessage", ""),
        "started_on": None if started is None else started.isoformat(),
        "log_group": run.get("LogGroupName", "/aws-glue/jobs"),
    }


def _is_refused(error: Exception) -> bool:
    return isinstance(error, ClientError) and error.response["Error"]["Code"] in _REFUSALS
