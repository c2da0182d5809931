"""Bounded repetition of what botocore does not retry by itself."""

import random
from collections.abc import Callable
from typing import TypeVar

from topline_glue.clock import Clock

T = TypeVar("T")

ATTEMPTS = 10
_BASE_SECONDS = 0.025
_LONGEST_SECONDS = 1.0


def pause_seconds(attempt: int) -> float:
    """Full jitter, doubling from 25 ms up to 1 s."""
    return random.random() * min(_LONGEST_SECONDS, _BASE_SECONDS * 2 ** (attempt - 1))


def retrying(clock: Clock, passes: Callable[[Exception], bool], call: Callable[[], T]) -> T:
    """Repeats a call that failed in a way that passes, and so has changed nothing."""
    attempt = 1
    while True:
        try:
            return call()
        except Exception as error:
            if attempt == ATTEMPTS or not passes(error):
                raise
        clock.sleep(pause_seconds(attempt))
        attempt += 1
