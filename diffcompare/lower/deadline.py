"""A limit of time on work in pure Python that cannot be asked to stop."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


class DeadlinePassed(BaseException):
    """Raised inside the work. Not an `Exception`: the work must not be able to catch it and go on."""


def within(seconds: float, work: Callable[[], T]) -> T:
    """The result of `work`, if it comes in time.

    The clock is looked at whenever a Python function is called, through `sys.setprofile`; so it works in any thread,
    and work that stays in one call of compiled code is not interrupted. A profiler that is running is set aside.

    Parameters
    ----------
    seconds : float
        How long the work may take.
    work : callable
        Takes nothing.

    Raises
    ------
    TimeoutError
        If it did not.
    """
    end = time.perf_counter() + seconds

    def look(frame: object, event: str, argument: object) -> None:
        if event == "call" and time.perf_counter() > end:
            raise DeadlinePassed

    before = sys.getprofile()
    sys.setprofile(look)
    try:
        return work()
    except DeadlinePassed:
        raise TimeoutError(f"not done after {seconds:g} s") from None
    finally:
        sys.setprofile(before)
