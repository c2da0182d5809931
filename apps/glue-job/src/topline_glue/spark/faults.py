"""Spark's faults as Topline's."""

import re

from topline_glue.errors import ToplineError

_LONGEST = 2_000
_ABSENT = re.compile(r"PATH_NOT_FOUND|FileNotFoundException|Path does not exist")
_STORE = re.compile(
    r"com\.amazonaws\.|fs\.s3a\.AWS\w*Exception|software\.amazon\.awssdk\.|"
    r"java\.net\.\w*Exception|java\.io\.EOFException"
)
_LOST = re.compile(r"Checkpoint block \S+ not found")
_CAUSE = re.compile(r"^(?:Caused by: )?((?:[\w$]+[.])+\w*(?:Exception|Error): .+)$", re.MULTILINE)
_STACK = re.compile(r"\n\s*(?:at |JVM stacktrace|\n)")


def spark_fault(what: str, error: Exception) -> ToplineError:
    """`ENGINE_FAILED`, unless the store has failed. Retryable where a worker was lost."""
    text = str(error)
    message = _told(text)
    if _ABSENT.search(text):
        return ToplineError("OBJECT_NOT_FOUND", f"Spark found no object at {what}: {message}")
    if _STORE.search(text):
        return ToplineError("STORE_UNAVAILABLE", f"Spark lost the store at {what}: {message}")
    if _LOST.search(text):
        return ToplineError(
            "ENGINE_FAILED",
            f"Spark lost rows that it had kept, at {what}: the worker that held them has ended. "
            "Run again; if it stays so, give the job larger workers.",
            is_retryable=True,
        )
    return ToplineError("ENGINE_FAILED", f"Spark failed at {what}: {message}{_advice(text)}")


def _told(text: str) -> str:
    """Without the stacks of Java and Python, of which the last cause is the first."""
    causes = _CAUSE.findall(text)
    told = causes[-1] if causes else _STACK.split(text.strip())[0]
    return told.strip()[:_LONGEST]


def _advice(text: str) -> str:
    if "OutOfMemoryError" in text:
        return " Give the job larger or more workers."
    if "No space left on device" in text:
        return " Give the job more workers, or larger disks."
    return ""
