"""What `topline_job.py` runs: the step on Spark, S3 and DynamoDB, as the job's arguments say."""

import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from types import FrameType

from pyspark.sql import SparkSession

from topline_glue.arguments import Arguments, parse_arguments
from topline_glue.aws import KpiStore, ObjectStore, RunLedger, dynamodb_client, s3_client
from topline_glue.clock import SYSTEM_CLOCK
from topline_glue.delta import DeltaZone
from topline_glue.errors import Cancelled, cancelled
from topline_glue.logs import Logger, stderr_logger
from topline_glue.plan import Plan
from topline_glue.spark import SparkEngine, spark_session
from topline_glue.step.context import Context
from topline_glue.step.transform import transform


def main(argv: Sequence[str] | None = None) -> None:
    """Raises what went wrong: Glue keeps `<CODE>: <message>` as the job run's error."""
    arguments = parse_arguments(sys.argv if argv is None else argv)
    logger = stderr_logger()
    if arguments.job_run_id:
        logger = logger.child(job_run_id=arguments.job_run_id)
    signal.signal(signal.SIGTERM, _cancel)
    context = job_context(arguments, logger, spark_session)
    try:
        result = transform(context, arguments.run_id)
    except Cancelled:
        raise cancelled() from None
    logger.info("Transformed", run_id=arguments.run_id, engine=result["engine"])


def _cancel(_signal: int, _frame: FrameType | None) -> None:
    # A job that is stopped lets its lease go, so that the next attempt need not wait for its end.
    raise Cancelled


def job_context(
    arguments: Arguments,
    logger: Logger,
    open_spark: Callable[[], AbstractContextManager[SparkSession]],
) -> Context:
    """What the step works on, at the endpoints and with the credentials that boto3 finds."""
    dynamodb = dynamodb_client()
    store = ObjectStore(s3_client(), arguments.bucket)

    @contextmanager
    def open_engine(plan: Plan) -> Iterator[SparkEngine]:
        with open_spark() as spark:
            engine = SparkEngine(spark, store, arguments.bucket, plan)
            try:
                yield engine
            finally:
                engine.close()

    return Context(
        store=store,
        zone=DeltaZone(store),
        kpis=KpiStore(dynamodb, arguments.table_prefix),
        ledger=RunLedger(dynamodb, arguments.table_prefix),
        open_engine=open_engine,
        clock=SYSTEM_CLOCK,
        logger=logger,
        table_prefix=arguments.table_prefix,
        holder=arguments.holder,
        lease_seconds=arguments.lease_seconds,
        waits_for_lease=arguments.waits_for_lease,
    )
