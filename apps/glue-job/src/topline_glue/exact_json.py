"""JSON with exact integers, as `@topline/core` writes it: beyond 2^53 a string of digits."""

import json

MAX_SAFE_INTEGER = 2**53 - 1


def to_json(value: object, indent: int | None = None) -> str:
    separators = (",", ":") if indent is None else (",", ": ")
    return json.dumps(_jsonable(value), indent=indent, separators=separators, ensure_ascii=False)


def to_integer(value: object) -> int:
    """A count as `to_json` writes it. Raises `ValueError` for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise ValueError(f"{value!r} is no integer")
    if isinstance(value, str) and not (value.isascii() and value.isdigit()):
        raise ValueError(f"{value!r} is no integer")
    return int(value)


def _jsonable(value: object) -> object:
    if isinstance(value, dict):
        return {str(key): _jsonable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_jsonable(item) for item in value]
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > MAX_SAFE_INTEGER:
        return str(value)
    return value
