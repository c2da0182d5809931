"""The DAG `topline`: raw listening files in S3 to daily KPIs in DynamoDB."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from airflow.providers.amazon.aws.notifications.sns import SnsNotifier
from airflow.sdk import DAG, Asset, AssetAlias, AssetWatcher, Label, Param, TaskGroup, TriggerRule

from topline_airflow.given_up import GivenUpNotifier
from topline_airflow.glue_operator import ToplineGlueOperator
from topline_airflow.inbox_triggers import InboxTrigger
from topline_airflow.lambda_operator import ToplineLambdaOperator
from topline_airflow.look_again import LookAgain
from topline_airflow.outcome import (
    DATASETS,
    TRANSFORM_GROUP,
    WAITING_GROUP,
    ChooseByOutcome,
    WaitingFor,
)
from topline_airflow.run_id import topline_run_id
from topline_airflow.settings import TRANSFORMS, load_settings
from topline_airflow.wait_for_files import WaitForFiles

settings = load_settings()

inbox = Asset(
    "topline_inbox",
    group="topline",
    watchers=[
        AssetWatcher(
            name="topline_inbox_watcher",
            trigger=InboxTrigger(settings.bucket, settings.poll_seconds, settings.aws_conn_id),
        )
    ],
)

ASKED = "{{ topline_run_id(run_id) }}"
# That of the open run, if there was one: it is finished first.
RUN = "{{ ti.xcom_pull(task_ids='validate')['run_id'] }}"

FUNCTION_TIMEOUT = timedelta(minutes=17)

failed = SnsNotifier(
    aws_conn_id=settings.aws_conn_id,
    target_arn=settings.sns_topic_arn,
    subject="Topline: {{ ti.task_id }} failed",
    message=(
        "{{ ti.task_id }} of {{ dag.dag_id }} failed for good (Airflow run {{ run_id }}, "
        "run_id={{ topline_run_id(run_id) }}).\n\n{{ exception }}\n\n{{ ti.log_url }}"
    ),
)

given_up = GivenUpNotifier(
    aws_conn_id=settings.aws_conn_id,
    target_arn=settings.sns_topic_arn,
    subject="Topline: a run was given up",
    message=(
        "Airflow run {{ run_id }} of {{ dag.dag_id }} was given up: {{ reason }} "
        "(run_id={{ topline_run_id(run_id) }})."
    ),
)

with DAG(
    dag_id="topline",
    description="Raw listening files in S3 to daily KPIs in DynamoDB",
    doc_md=(Path(__file__).parent / "topline.md").read_text(encoding="utf-8"),
    schedule=inbox,
    catchup=False,
    # One run of Topline is open at a time.
    max_active_runs=1,
    dagrun_timeout=timedelta(hours=settings.run_timeout_hours),
    on_failure_callback=[given_up] if settings.sns_topic_arn else [],
    tags=["topline", "music-streaming", "kpi"],
    params={
        "transform": Param(
            settings.transform,
            enum=list(TRANSFORMS),
            description="What transforms: a Glue job on Spark, or DuckDB in a function. "
            "The figures are the same.",
        ),
        "run_date": Param(
            None,
            type=["null", "string"],
            format="date",
            description="The date in archived and rejected names. Default: today, UTC.",
        ),
        "wait_minutes": Param(
            5,
            type="integer",
            minimum=0,
            maximum=60,
            description="How long a run that you start waits for files; 0 goes on without any, "
            "to finish an open run or to publish what is stale.",
        ),
    },
    user_defined_macros={"topline_run_id": topline_run_id},
    default_args={
        "owner": "topline",
        "retries": settings.retries,
        "retry_delay": timedelta(seconds=settings.retry_delay_seconds),
        "retry_exponential_backoff": 2.0,
        "max_retry_delay": timedelta(seconds=settings.max_retry_delay_seconds),
        "execution_timeout": timedelta(minutes=5),
        "on_failure_callback": [failed] if settings.sns_topic_arn else [],
    },
) as dag:
    aws = {"aws_conn_id": settings.aws_conn_id}
    wait_for_files = WaitForFiles(
        task_id="wait_for_files",
        inbox=inbox,
        bucket=settings.bucket,
        run_id=ASKED,
        wait_minutes="{{ params.wait_minutes }}",
        poll_seconds=settings.poll_seconds,
        **aws,
    )
    validate = ToplineLambdaOperator(
        task_id="validate",
        function_name=settings.function("validate"),
        run_id=ASKED,
        run_date="{{ params.run_date or '' }}",
        execution_timeout=FUNCTION_TIMEOUT,
        **aws,
    )
    choose = ChooseByOutcome(
        task_id="choose", validated="validate", transform="{{ params.transform }}"
    )
    with TaskGroup(TRANSFORM_GROUP, tooltip="By Spark or by DuckDB, never by both") as transform:
        ToplineGlueOperator(
            task_id="glue",
            job_name=settings.glue_job,
            bucket=settings.bucket,
            table_prefix=settings.table_prefix,
            run_id=RUN,
            lease_seconds=settings.lease_seconds,
            longest_pause=settings.poll_seconds,
            log=settings.glue_log,
            **aws,
        )
        ToplineLambdaOperator(
            task_id="lambda",
            function_name=settings.function("transform"),
            run_id=RUN,
            execution_timeout=FUNCTION_TIMEOUT,
            **aws,
        )
    with TaskGroup(WAITING_GROUP, tooltip="What is not skipped is missing") as waiting_for:
        for dataset in DATASETS:
            WaitingFor(task_id=dataset, dataset=dataset, bucket=settings.bucket, run_id=RUN)
    archive = ToplineLambdaOperator(
        task_id="archive",
        function_name=settings.function("archive"),
        run_id=RUN,
        trigger_rule=TriggerRule.NONE_FAILED_MIN_ONE_SUCCESS,
        execution_timeout=FUNCTION_TIMEOUT,
        **aws,
    )
    look_again = LookAgain(
        task_id="look_again",
        asked=ASKED,
        run_id=RUN,
        bucket=settings.bucket,
        inbox=inbox,
        alias=AssetAlias("topline_inbox_again"),
        **aws,
    )

    wait_for_files >> validate >> choose
    choose >> Label("ready") >> transform >> archive >> look_again
    choose >> Label("waiting") >> waiting_for
