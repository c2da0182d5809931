"""What becomes of a source, once its records are counted."""

import json
from collections.abc import Mapping

from topline_glue.errors import ToplineError
from topline_glue.model import Refusal, Source, Verdict
from topline_glue.plan import Limits


def verdict_of(
    source: Source, records: int, quarantined: Mapping[str, int], limits: Limits
) -> Verdict:
    bad = sum(quarantined.values())
    ratio = limits.max_quarantine_ratio
    refused = None
    if bad > ratio * records:
        # Of as many records each, by the reason's name: so that every engine says the same.
        ordered = sorted(quarantined.items(), key=lambda item: (-item[1], item[0]))
        reasons = ", ".join(f"{reason} {count}" for reason, count in ordered)
        refused = Refusal(
            "TOO_MANY_BAD_ROWS",
            f"{source.key} has {bad} bad records of {records} ({reasons}); the limit "
            f"maxQuarantineRatio is {_number(ratio)} of its records. "
            "Mend the export and upload the file again.",
        )
    return Verdict(source.source_id, records, records - bad, dict(quarantined), refused)


def refused_unread(source_id: str, refusal: Refusal) -> Verdict:
    return Verdict(source_id, 0, 0, {}, refusal)


def too_large(key: str, max_bytes: int) -> Refusal:
    return Refusal(
        "TOO_LARGE",
        f"{key} has more than {max_bytes} bytes uncompressed, which is the limit maxSourceBytes. "
        "Split the file, or raise the limit.",
    )


def damaged_gzip(key: str, damage: str) -> Refusal:
    return Refusal(
        "DAMAGED_GZIP",
        f"{key} is not whole gzip: {damage}. Compress and upload the file again.",
    )


def header_gone(source: Source) -> ToplineError:
    header = json.dumps(source.head.record[:200], ensure_ascii=False)
    return ToplineError(
        "STATE_CORRUPT",
        f"The copy {source.input_key} of {source.key} has no record equal to the header {header} "
        "that was read from the file. Start a new run.",
    )


def lost(source: Source, expected: int, found: int) -> ToplineError:
    """What Spark has read differs from what was staged for it."""
    return ToplineError(
        "ENGINE_FAILED",
        f"Spark read {found} lines of {source.key}; {expected} were written for it. "
        "Nothing was taken in; this is a fault of the engine: please report it.",
    )


def _number(value: float) -> str:
    """As JavaScript writes a number between 0 and 1."""
    return str(int(value)) if value == int(value) else repr(value).replace("e-0", "e-")
