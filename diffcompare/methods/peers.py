"""What the peer libraries' methods share: their names, importing them, and results in NumPy's types."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from ..core.graph import Graph
from ..core.node import Node
from ..errors import MethodUnavailableError
from .packages import how_to_install, version
from .values import finish


@contextmanager
def importing(package: str) -> Iterator[None]:
    """Turn whatever an import of `package` raises into the reason why a method cannot run.

    Raises
    ------
    MethodUnavailableError
        When the package is not installed, or is and does not load.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != package.partition(".")[0]:
            raise _unusable(package, error) from error
        raise MethodUnavailableError(how_to_install(package)) from error
    except Exception as error:  # a package may raise anything while it is imported
        raise _unusable(package, error) from error


def _unusable(package: str, error: Exception) -> MethodUnavailableError:
    return MethodUnavailableError(
        f"{package} {version(package)} is installed but does not load: {type(error).__name__}: {error}"
    )


def native(value: Any, node: Node) -> Any:
    """A library's result as the operators hand it out: a float for shape (), else a contiguous array of the dtype."""
    return finish(np.asarray(value, node.dtype).reshape(node.shape))


def precision(graph: Graph, wrt: tuple[int, ...]) -> str:
    """The data types of the differentiated arguments, in words."""
    return " and ".join(dict.fromkeys(str(graph.inputs[i].dtype) for i in wrt))


def natives(parts: Iterable[Any], graph: Graph, wrt: tuple[int, ...]) -> tuple:
    """`native`, for the derivatives of a scalar: one in the form of each differentiated argument."""
    return tuple(native(part, graph.inputs[i]) for part, i in zip(parts, wrt, strict=True))


def block(flat: np.ndarray, graph: Graph, i: int) -> Any:
    """One block of a Jacobian, of the output's shape followed by that of input `i`, in the input's dtype."""
    node = graph.inputs[i]
    return finish(np.asarray(flat, node.dtype).reshape((*graph.output.shape, *node.shape)))


def smooth_scalar(graph: Graph) -> bool:
    """Whether the output is one real number, so that there is a gradient."""
    return graph.output.shape == () and graph.output.dtype.kind == "f"
