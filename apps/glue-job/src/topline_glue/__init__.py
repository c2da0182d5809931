"""Topline's step `transform` on Spark: what runs as a Glue job."""
