"""How a log spells a data file's path: as a URI (RFC 2396), encoded once.

The object's key is what decoding gives. Slashes and `=` stay as they are, so that
`date=2024-06-25/a.parquet` reads the same in both.
"""

import json
import re
from urllib.parse import quote, unquote_to_bytes

from topline_glue.errors import ToplineError

_WHOLE_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_DAMAGED = re.compile("%(?![0-9A-Fa-f]{2})")


def to_log_path(path: str) -> str:
    try:
        return quote(path, safe="/=-_.!~*'()")
    except UnicodeEncodeError as error:
        raise ToplineError(
            "INTERNAL",
            f"A data file's path must be well-formed Unicode; {json.dumps(path)} is not.",
        ) from error


def from_log_path(log_path: str) -> str | None:
    """`None` for what is no path in the table's folder: absolute, a whole URI, damaged encoding."""
    if log_path.startswith("/") or _WHOLE_URI.match(log_path) or _DAMAGED.search(log_path):
        return None
    try:
        return unquote_to_bytes(log_path).decode() or None
    except UnicodeError:
        return None
