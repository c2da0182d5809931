"""What is told of a DAG run that has ended without a task that failed."""

from __future__ import annotations

from airflow.providers.amazon.aws.notifications.sns import SnsNotifier
from airflow.sdk import Context


class GivenUpNotifier(SnsNotifier):
    """Tells of a run that was given up: its time was over, or none of its tasks could go on.

    Of a task that failed its own callback tells, with what went wrong; here nothing more is said.
    """

    def notify(self, context: Context) -> None:
        if context["reason"] != "task_failure":
            super().notify(context)
