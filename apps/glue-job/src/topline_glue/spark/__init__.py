"""The Spark engine: the counterpart of `@topline/kpi-engine`'s DuckDB."""

from topline_glue.spark.engine import SparkEngine
from topline_glue.spark.session import spark_session

__all__ = ["SparkEngine", "spark_session"]
