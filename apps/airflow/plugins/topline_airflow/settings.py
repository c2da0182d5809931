"""What a deployment says of itself: section ``[topline]`` of airflow.cfg.

Each may be given as ``AIRFLOW__TOPLINE__<KEY>``, too; on MWAA as the configuration option
``topline.<key>``. What is not given has the default of the field.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields

from airflow.sdk.exceptions import AirflowException

SECTION = "topline"

TRANSFORMS = ("glue", "lambda")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    bucket: str = "topline"
    transform: str = "glue"
    """What transforms, unless a run is started with another: ``glue`` or ``lambda``."""
    function_prefix: str = "topline-"
    """Before ``validate``, ``transform`` and ``archive``: the names of the functions."""
    glue_job: str = "topline-transform"
    table_prefix: str = ""
    """Before every table's name; the Glue job is told of it."""
    aws_conn_id: str = "aws_default"
    poll_seconds: float = 20
    """Between two looks at the inbox."""
    lease_seconds: int = 30
    """How long the Glue job's lease lasts unless it is renewed."""
    retries: int = 5
    retry_delay_seconds: float = 30
    """Before the first retry; twice as much before each further one."""
    max_retry_delay_seconds: float = 600
    run_timeout_hours: float = 12
    """After which a DAG run is given up, so that it blocks no other."""
    sns_topic_arn: str = ""
    """Is told of every task that fails for good, and of runs given up; empty: nobody is."""
    glue_log: str = ""
    """Where a job run's log is, for messages, with ``{job_run_id}`` in it; empty: in CloudWatch."""

    def __post_init__(self) -> None:
        if self.transform not in TRANSFORMS:
            raise _invalid("transform", self.transform, f"one of {', '.join(TRANSFORMS)}")
        if self.bucket == "":
            raise _invalid("bucket", self.bucket, "the name of a bucket")

    def function(self, step: str) -> str:
        return f"{self.function_prefix}{step}"


_LEAST = {"retries": 0}

Read = Callable[[str], str | None]


def load_settings(read: Read | None = None) -> Settings:
    """The settings of this Airflow.

    :raises AirflowException: naming the option, what it is and what it must be
    """
    read = read or _read
    given = {}
    for field in fields(Settings):
        text = read(field.name)
        if text is not None:
            given[field.name] = _parse(field.name, field.type, text.strip())
    return Settings(**given)


def _read(key: str) -> str | None:
    from airflow.sdk.configuration import conf  # noqa: PLC0415 -- reads the machine's configuration

    return conf.get(SECTION, key, fallback=None)


def _parse(name: str, kind: object, text: str) -> str | int | float:
    if kind == "str":
        return text
    number = int if kind == "int" else float
    expected = "a whole number" if kind == "int" else "a number"
    try:
        value = number(text)
    except ValueError:
        raise _invalid(name, text, expected) from None
    if name in _LEAST and value >= _LEAST[name]:
        return value
    if not 0 < value < float("inf"):
        raise _invalid(name, text, f"{expected} greater than 0")
    return value


def _invalid(name: str, value: str, expected: str) -> AirflowException:
    return AirflowException(f"[{SECTION}] {name} is {value!r}; it must be {expected}.")
