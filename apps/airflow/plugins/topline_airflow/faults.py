"""What Topline's faults mean to Airflow: whether another try can help."""

from __future__ import annotations

from airflow.sdk.exceptions import AirflowException, AirflowFailException


def fault(message: str, *, is_retryable: bool) -> AirflowException:
    """To be raised: Airflow retries the one, and gives up at the other at once."""
    return AirflowException(message) if is_retryable else AirflowFailException(message)
