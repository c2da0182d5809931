"""DynamoDB's attribute values, as the low-level client has them, and back."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, NoReturn

from topline_glue.errors import ToplineError

Item = Mapping[str, Mapping[str, Any]]
"""`{"count": {"N": "5"}, "genre": {"S": "jazz"}}`"""

_DECIMAL = re.compile(r"(-?)([0-9]+)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]+))?")


def attribute(value: str | int | float | Mapping[str, Any]) -> dict[str, Any]:
    if isinstance(value, str):
        return {"S": value}
    if isinstance(value, Mapping):
        return {"M": attributes(value)}
    return {"N": double_text(value) if isinstance(value, float) else str(value)}


def attributes(values: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """What is absent (`None`) is no attribute."""
    return {name: attribute(value) for name, value in values.items() if value is not None}


def double_text(value: float) -> str:
    """The shortest text that reads as the same double, as JavaScript spells it.

    At most 17 digits, of DynamoDB's 38.
    """
    if value == 0:
        return "0"
    sign, digits, exponent = Decimal(repr(value)).normalize().as_tuple()
    text = "".join(map(str, digits))
    point = len(text) + int(exponent)
    if len(text) <= point <= 21:
        body = text + "0" * (point - len(text))
    elif 0 < point <= 21:
        body = f"{text[:point]}.{text[point:]}"
    elif -6 < point <= 0:
        body = f"0.{'0' * -point}{text}"
    else:
        rest = f".{text[1:]}" if len(text) > 1 else ""
        body = f"{text[0]}{rest}e{point - 1:+d}"
    return f"-{body}" if sign else body


def integer_of(digits: str) -> int | None:
    """A decimal as DynamoDB writes it, exponents included; `None` unless it is a whole number."""
    found = _DECIMAL.fullmatch(digits)
    if found is None:
        return None
    sign, whole, fraction, exponent = found.groups()
    fraction = fraction or ""
    scale = int(exponent or 0) - len(fraction)
    digits = whole + fraction
    if scale >= 0:
        return int(sign + digits + "0" * scale)
    if digits[scale:].strip("0") != "":
        return None
    return int(sign + (digits[:scale] or "0"))


class Attributes:
    """The attributes of an item of `PIPELINE_RUNS`.

    Raises `STATE_CORRUPT` when one is not of the type that was asked for.
    """

    def __init__(self, item: Item, where: str) -> None:
        self._item = item
        self._where = where

    def text(self, name: str) -> str:
        value = self._item.get(name, {}).get("S")
        return value if value is not None else self._fail(name, "text")

    def integer(self, name: str) -> int:
        value = integer_of(self._item.get(name, {}).get("N", ""))
        return value if value is not None else self._fail(name, "a whole number")

    def time(self, name: str) -> datetime:
        try:
            found = datetime.fromisoformat(self.text(name))
        except ValueError:
            return self._fail(name, "a time")
        return found if found.tzinfo is not None else found.replace(tzinfo=UTC)

    def _fail(self, name: str, expected: str) -> NoReturn:
        found = self._item.get(name)
        value = "nothing" if found is None else next(iter(found.values()))
        raise ToplineError(
            "STATE_CORRUPT",
            f"{self._where}: expected {expected} in attribute {name}, found {value}. "
            "Mend or delete the item.",
        )
