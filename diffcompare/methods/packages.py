"""The packages that methods need: whether they are there, their versions, how to get them. Nothing is imported."""

from __future__ import annotations

import importlib.metadata
from importlib.machinery import PathFinder


def installed(package: str) -> bool:
    """Whether `package`, which may be a dotted name, can be found; its parents are looked into, not imported."""
    path, name = None, ""
    for part in package.split("."):
        name = f"{name}.{part}" if name else part
        spec = PathFinder.find_spec(name, path)
        if spec is None:
            return False
        path = spec.submodule_search_locations
    return True


def how_to_install(package: str) -> str:
    """What is missing and the command that helps, as the reason why a method cannot run."""
    if package == "scipy.differentiate":
        return "needs scipy.differentiate, which comes with SciPy 1.15 and later: pip install --upgrade scipy"
    return f"needs the package {package}, which is not installed: pip install {package}, or 'diffcompare[peers]'"


def version(package: str) -> str:
    """The version of an installed package, from its metadata."""
    return importlib.metadata.version(package.partition(".")[0])
