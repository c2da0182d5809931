"""The id of a run of Topline, from that of the DAG run that works on it."""

from __future__ import annotations

import hashlib
import re

_FORBIDDEN = re.compile(r"[^A-Za-z0-9._-]+")
_LONGEST = 128
_DIGITS = 8


def topline_run_id(dag_run_id: str) -> str:
    """The same for every retry and after a clear, and another for another DAG run.

    Topline takes a letter or digit, then at most 127 of letters, digits, dots, underscores and
    hyphens. An id that is one stays as it is; else what is not allowed becomes a hyphen, and eight
    digits of a hash over the whole keep it apart from others that read alike then.
    """
    plain = _FORBIDDEN.sub("-", dag_run_id)
    if not re.match(r"[A-Za-z0-9]", plain):
        plain = f"run{plain}"
    if plain == dag_run_id and len(plain) <= _LONGEST:
        return plain
    digest = hashlib.sha256(dag_run_id.encode()).hexdigest()[:_DIGITS]
    return f"{plain[: _LONGEST - _DIGITS - 1]}-{digest}"
