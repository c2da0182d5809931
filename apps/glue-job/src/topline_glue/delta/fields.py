"""Fields of JSON that others may have written, each asked for by its type."""

from collections.abc import Mapping
from typing import Any, TypeGuard

from topline_glue.errors import ToplineError
from topline_glue.exact_json import MAX_SAFE_INTEGER


class Fields:
    """An object of a log. Raises `STATE_CORRUPT` when a field is not of the type asked for."""

    def __init__(self, where: str, path: str, found: object) -> None:
        self.where = where
        self._path = path
        if not isinstance(found, Mapping):
            raise corrupt(
                where, f"at {path or 'its top'}: expected an object, found {_kind(found)}"
            )
        self._found = found

    def anything(self, name: str) -> Any:
        return self._found.get(name)

    def optional(self, name: str) -> "Fields | None":
        """`None` where it is absent or null."""
        return None if self._found.get(name) is None else self.nested(name)

    def nested(self, name: str) -> "Fields":
        return Fields(self.where, self._at(name), self._found.get(name))

    def text(self, name: str) -> str:
        value = self._found.get(name)
        if not isinstance(value, str):
            raise self.unlike(name, "text")
        return value

    def flag(self, name: str) -> bool:
        value = self._found.get(name)
        if not isinstance(value, bool):
            raise self.unlike(name, "true or false")
        return value

    def whole(self, name: str) -> int:
        value = self._found.get(name)
        if not is_whole(value):
            raise self.unlike(name, "a whole number of at most 2^53")
        return int(value)

    def texts(self, name: str) -> list[str] | None:
        """`None` where it is absent or null."""
        value = self._found.get(name)
        if value is None:
            return None
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            return value
        raise self.unlike(name, "a list of text")

    def text_map(self, name: str) -> dict[str, str | None] | None:
        """`None` where it is absent or null."""
        value = self._found.get(name)
        if value is None:
            return None
        if isinstance(value, Mapping) and all(
            isinstance(item, str | None) for item in value.values()
        ):
            return dict(value)
        raise self.unlike(name, "a map of text")

    def unlike(self, name: str, expected: str) -> ToplineError:
        found = _kind(self._found.get(name))
        return corrupt(self.where, f"at {self._at(name)}: expected {expected}, found {found}")

    def _at(self, name: str) -> str:
        return f"{self._path}.{name}" if self._path else name


def is_whole(value: object) -> TypeGuard[int | float]:
    """A whole number that a double holds exactly, as JavaScript reads JSON."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    if isinstance(value, float) and not value.is_integer():
        return False
    return abs(value) <= MAX_SAFE_INTEGER


def corrupt(where: str, what: str) -> ToplineError:
    return ToplineError("STATE_CORRUPT", f"{where}: not a log that this reader knows: {what}.")


def _kind(value: object) -> str:
    if value is None:
        return "nothing"
    kinds = {str: "text", bool: "true or false", list: "a list", dict: "an object"}
    return kinds.get(type(value), f"the number {value}")
