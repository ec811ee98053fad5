"""The NumPy executor: the meaning of a tape, one statement after the other."""

from ..core.evaluate import evaluator

__all__ = ["evaluator"]
