"""The step transform, done by a Glue job on Spark."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from airflow.sdk import BaseOperator, Context
from botocore.exceptions import BotoCoreError, ClientError

from topline_airflow.faults import fault
from topline_airflow.glue_runs import find_live_run, glue_hook, stop_run
from topline_airflow.glue_trigger import UNSEEN, GlueRunTrigger
from topline_airflow.transform_part import error_since, part_key, read_part, summary_of

_REFUSALS = {"AccessDeniedException", "EntityNotFoundException", "InvalidInputException"}

_CLOUDWATCH = "in CloudWatch, {log_group}/error and {log_group}/output, stream {job_run_id}"


class ToplineGlueOperator(BaseOperator):
    """Starts a run of the Glue job, or joins the one that works on this run, and waits deferred.

    It returns what the step yielded, in the words of the function that does the same. A run that
    has been transformed already starts nothing.

    :param bucket: of the pipeline
    :param table_prefix: before every table's name; may be empty
    :param run_id: the run that it is to work on
    :param longest_pause: seconds between two looks at the job run, at the most
    :param log: where a job run's log is, for messages; empty: in CloudWatch
    """

    template_fields: Sequence[str] = ("job_name", "bucket", "table_prefix", "run_id")
    ui_color = "#d7c3ef"

    def __init__(
        self,
        *,
        job_name: str,
        bucket: str,
        run_id: str,
        table_prefix: str = "",
        lease_seconds: int = 30,
        aws_conn_id: str = "aws_default",
        longest_pause: float = 20,
        log: str = "",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.job_name = job_name
        self.bucket = bucket
        self.run_id = run_id
        self.table_prefix = table_prefix
        self.lease_seconds = lease_seconds
        self.aws_conn_id = aws_conn_id
        self.longest_pause = longest_pause
        self.log_place = log or _CLOUDWATCH
        self.job_run_id: str | None = None

    def execute(self, context: Context) -> dict[str, Any]:
        self.log.info("run_id=%s job=%s", self.run_id, self.job_name)
        done = summary_of(read_part(self.bucket, self.run_id, self.aws_conn_id))
        if done is not None:
            self.log.info("run_id=%s was transformed before; no job is started", self.run_id)
            return done
        self.job_run_id = self._start_or_join(context)
        self.defer(
            trigger=GlueRunTrigger(
                self.job_name, self.job_run_id, self.aws_conn_id, self.longest_pause
            ),
            method_name="conclude",
            kwargs={"job_run_id": self.job_run_id},
        )
        raise AssertionError("defer returned")

    def _start_or_join(self, context: Context) -> str:
        identity = {
            "--bucket": self.bucket,
            **({"--table_prefix": self.table_prefix} if self.table_prefix else {}),
            "--run_id": self.run_id,
        }
        try:
            live = find_live_run(glue_hook(self.aws_conn_id).conn, self.job_name, identity)
            if live is not None:
                return self._join(live)
            # An answer that is lost is not asked for again unseen: the next try joins that run.
            client = glue_hook(self.aws_conn_id, attempts=1).conn
            arguments = {**identity, **self._manners(context)}
            job_run_id = client.start_job_run(JobName=self.job_name, Arguments=arguments)[
                "JobRunId"
            ]
        except ClientError as error:
            code = error.response["Error"]["Code"]
            raise fault(
                f"Glue did not start job {self.job_name} (run_id={self.run_id}): {error}",
                is_retryable=code not in _REFUSALS,
            ) from error
        except BotoCoreError as error:
            raise fault(
                f"No answer of Glue about job {self.job_name} (run_id={self.run_id}): {error}. "
                "If it started, the next try joins it.",
                is_retryable=True,
            ) from error
        self.log.info("run_id=%s job_run_id=%s started", self.run_id, job_run_id)
        return job_run_id

    def _join(self, live: Mapping[str, Any]) -> str:
        job_run_id = live["Id"]
        if live["JobRunState"] == "STOPPING":
            raise fault(
                f"Job run {job_run_id} works on run_id={self.run_id} still, and is being stopped.",
                is_retryable=True,
            )
        self.log.info("run_id=%s job_run_id=%s is under way: joined", self.run_id, job_run_id)
        return job_run_id

    def _manners(self, context: Context) -> dict[str, str]:
        ti = context["ti"]
        return {
            "--holder": f"airflow {ti.dag_id}.{ti.task_id} try {ti.try_number}",
            "--lease_seconds": str(self.lease_seconds),
            # Airflow waits cheaper than a cluster.
            "--wait_for_lease": "false",
        }

    def conclude(
        self, context: Context, event: Mapping[str, Any], job_run_id: str
    ) -> dict[str, Any]:
        """Takes up the task when the job run is over."""
        state = event["state"]
        part = read_part(self.bucket, self.run_id, self.aws_conn_id)
        self.log.info("run_id=%s job_run_id=%s ended as %s", self.run_id, job_run_id, state)
        done = summary_of(part)
        if done is not None:
            # What ended after its work was done has done its work, whatever its state.
            return done
        where = (
            f"(job run {job_run_id}, run_id={self.run_id}; its log: {self._log(job_run_id, event)})"
        )
        if state == "SUCCEEDED":
            raise fault(
                f"Job {self.job_name} ended with success, but left no result in "
                f"s3://{self.bucket}/{part_key(self.run_id)}: is it Topline's? {where}",
                is_retryable=False,
            )
        if state == UNSEEN:
            raise fault(
                f"The job run was not to be seen any more: {event['error_message']}. "
                f"If it still works, the next try joins it {where}",
                is_retryable=True,
            )
        told = error_since(part, event.get("started_on"))
        if told is not None:
            raise fault(
                f"{told['code']}: {told['message']} {where}", is_retryable=told["is_retryable"]
            )
        reason = event.get("error_message") or "no reason was given"
        raise fault(f"The job run ended as {state}: {reason} {where}", is_retryable=True)

    def _log(self, job_run_id: str, event: Mapping[str, Any]) -> str:
        return self.log_place.format(
            job_run_id=job_run_id, log_group=event.get("log_group", "/aws-glue/jobs")
        )

    def on_kill(self) -> None:
        """While the task itself is at work; while it is deferred, its trigger does this."""
        if self.job_run_id is not None:
            stop_run(glue_hook(self.aws_conn_id).conn, self.job_name, self.job_run_id)
