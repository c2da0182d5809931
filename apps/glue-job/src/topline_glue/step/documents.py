"""JSON documents of a run in the bucket: read and checked once, here."""

import json
from collections.abc import Mapping

from topline_glue.errors import ToplineError
from topline_glue.exact_json import to_json
from topline_glue.step.context import ObjectStore


def read_document(store: ObjectStore, key: str) -> Mapping | None:
    """Raises `STATE_CORRUPT` when the object is no JSON object."""
    text = store.read_text(key)
    if text is None:
        return None
    try:
        found = json.loads(text)
    except ValueError as error:
        raise corrupt(key, "it is not JSON") from error
    if not isinstance(found, dict):
        raise corrupt(key, "it is no JSON object")
    return found


def write_document(store: ObjectStore, key: str, document: Mapping[str, object]) -> None:
    store.put(key, f"{to_json(document, 2)}\n".encode(), content_type="application/json")


def corrupt(key: str, what: str) -> ToplineError:
    return ToplineError(
        "STATE_CORRUPT", f"{key} is not the document that Topline writes there: {what}."
    )
