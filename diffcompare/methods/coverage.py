"""Which operations the peer libraries lack."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..lower import (
    replay_autograd,
    replay_casadi,
    replay_jax,
    replay_pytensor,
    replay_symengine,
    replay_torch,
)
from .packages import installed
from .peers import importing

NAMES: dict[str, Callable[[], Any]] = {
    "jax": replay_jax.names,
    "torch": replay_torch.names,
    "autograd": replay_autograd.names,
    "casadi": replay_casadi.names,
    "pytensor": replay_pytensor.names,
    "symengine": replay_symengine.names,
}


def coverage() -> dict[str, tuple[str, ...]]:
    """The operations that each installed peer lacks; imports those peers.

    Returns
    -------
    dict of str to tuple of str
        Name of the peer to names of rows, in the order of the table of rows. Peers that see values only lack none, and
        are left out.

    Raises
    ------
    MethodUnavailableError
        When an installed peer does not load.

    Examples
    --------
    >>> from diffcompare.methods.coverage import coverage
    >>> all("exp" not in lacking for lacking in coverage().values())
    True
    """
    found = {}
    for name, names in NAMES.items():
        if installed(name):
            with importing(name):
                found[name] = names().lacking()
    return found
