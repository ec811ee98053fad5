"""Reads the import statements of a package without running it, and names those that break its floors."""

from __future__ import annotations

import ast
import fnmatch
import graphlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

# Lowest first; a module belongs to the floor of its first name below the package.
FLOORS: tuple[tuple[str, ...], ...] = (
    ("errors",),
    ("core",),
    ("ops",),
    ("transform",),
    ("lower",),
    ("methods",),
    ("operators",),
    ("analysis",),
    ("bench", "problems"),
    ("plot", "draw", "cli", "optimize", "losses", "report", "testing"),
    ("", "__main__"),  # the package itself, which shows the names of all floors
)
FLOOR_OF = {name: floor for floor, names in enumerate(FLOORS) for name in names}

# Package -> files that may import it when they are loaded. Everywhere else it is imported on first use, in a function.
AT_LOAD: dict[str, tuple[str, ...]] = {
    "cuda": ("lower/cuda_runtime.py",),
    "flint": ("lower/ball*.py",),
    "llvmlite": ("lower/numba_*.py", "lower/cuda_runtime.py"),
    "matplotlib": ("plot/*.py",),
    "numba": ("lower/numba_*.py", "lower/cuda_runtime.py"),
    "pandas": (),
    "rich": ("cli.py", "cli/*.py"),
    "scipy": ("lower/ball*.py", "lower/cuda_simulator.py", "lower/numba_*.py", "lower/sympy_*.py"),
    "sympy": ("lower/sympy_*.py",),
    "typer": ("cli.py", "cli/*.py"),
}
# These have one place in the house: no other file imports them at all, not even in a function.
CONFINED = ("cuda", "llvmlite", "numba", "sympy")


@dataclass(frozen=True, slots=True)
class Import:
    """One import: who imports what on which line, and whether it happens when the module is loaded."""

    file: str
    line: int
    module: str
    target: str
    at_load: bool
    for_types: bool

    def __str__(self) -> str:
        return f"{self.file}:{self.line} imports {self.target}"


def violations(package: Path) -> list[str]:
    """What breaks the floors in the package at `package`, one sentence each; empty where nothing does."""
    imports = list(package_imports(package))
    return [
        *_without_floor(package),
        *_upward(imports, package.name),
        *_heavy(imports),
        *_cuda_in_two_files(imports),
        *_hidden(imports, package.name),
        *_cycles(imports, package.name),
    ]


def package_imports(package: Path) -> Iterator[Import]:
    """Every import statement, and every `import_module` of a literal name, below the folder `package`."""
    modules = _modules(package)
    for module, path in modules.items():
        visitor = _Visitor(module, path, package, set(modules))
        visitor.visit(ast.parse(path.read_text(encoding="utf-8"), str(path)))
        yield from visitor.found


def _modules(package: Path) -> dict[str, Path]:
    modules = {}
    for path in sorted(package.rglob("*.py")):
        parts = path.relative_to(package.parent).with_suffix("").parts
        modules[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return modules


class _Visitor(ast.NodeVisitor):
    def __init__(self, module: str, path: Path, package: Path, modules: set[str]) -> None:
        self.module, self.modules, self.found = module, modules, list[Import]()
        self.file = path.relative_to(package).as_posix()
        self.folder = module if path.name == "__init__.py" else module.rpartition(".")[0]
        self.depth, self.for_types = 0, False

    def add(self, node: ast.AST, target: str) -> None:
        line = getattr(node, "lineno", 0)
        self.found.append(
            Import(self.file, line, self.module, target, not self.depth and not self.for_types, self.for_types)
        )

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> None:
        self.depth += 1
        self.generic_visit(node)
        self.depth -= 1

    visit_AsyncFunctionDef = visit_Lambda = visit_FunctionDef

    def visit_If(self, node: ast.If) -> None:
        outside = self.for_types
        self.for_types = outside or ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING")
        for child in node.body:
            self.visit(child)
        self.for_types = outside
        self.visit(node.test)
        for child in node.orelse:
            self.visit(child)

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            self.add(node, alias.name)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        base = node.module or ""
        if node.level:
            parts = self.folder.split(".")
            above = ".".join(parts[: len(parts) - node.level + 1])
            base = f"{above}.{base}" if base else above
        for alias in node.names:
            inner = f"{base}.{alias.name}"
            # `from numba import cuda` imports a module as well, one that is not ours to look up.
            self.add(node, inner if inner in self.modules or inner == "numba.cuda" else base)

    def visit_Call(self, node: ast.Call) -> None:
        name = ast.unparse(node.func).rpartition(".")[2]
        if name in ("import_module", "__import__") and node.args and isinstance(node.args[0], ast.Constant):
            self.add(node, str(node.args[0].value))
        self.generic_visit(node)


def _own(target: str, package: str) -> bool:
    return target == package or target.startswith(package + ".")


def _floor(module: str) -> int | None:
    return FLOOR_OF.get(module.partition(".")[2].partition(".")[0])


def _without_floor(package: Path) -> Iterator[str]:
    for module, path in _modules(package).items():
        if _floor(module) is None:
            yield f"{path.relative_to(package).as_posix()} has no floor: give it one in tests/floors.py"


def _upward(imports: list[Import], package: str) -> Iterator[str]:
    for found in imports:
        if _own(found.target, package):
            here, there = _floor(found.module), _floor(found.target)
            if here is not None and there is not None and there > here:
                yield f"{found}, from floor {here} up to floor {there}"


def _heavy(imports: list[Import]) -> Iterator[str]:
    for found in imports:
        heavy = found.target.partition(".")[0]
        if found.for_types or heavy not in AT_LOAD or _is_at(found.file, AT_LOAD[heavy]):
            continue
        if found.at_load:
            yield f"{found} when it is loaded; import it in the function that uses it"
        elif heavy in CONFINED:
            yield f"{found}, which only {' and '.join(AT_LOAD[heavy])} may"


def _is_at(file: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatch.fnmatch(file, pattern) for pattern in patterns)


def _cuda_in_two_files(imports: list[Import]) -> Iterator[str]:
    files = sorted({i.file for i in imports if i.target == "numba.cuda" or i.target.startswith("numba.cuda.")})
    if len(files) > 1:
        yield f"numba.cuda is imported by {len(files)} files, one may: {', '.join(files)}"


def _hidden(imports: list[Import], package: str) -> Iterator[str]:
    # Inside a function, our own import is right where its target loads a heavy package; elsewhere it hides a cycle.
    loads: dict[str, set[str]] = {}
    for found in imports:
        if found.at_load:
            loads.setdefault(found.module, set()).add(found.target)
    for found in imports:
        if found.at_load or found.for_types or not _own(found.target, package) or found.file == "__init__.py":
            continue
        if not _reaches_heavy(found.target, loads):
            yield f"{found} inside a function, though loading it is cheap; import it at the top of the file"


def _reaches_heavy(module: str, loads: dict[str, set[str]]) -> bool:
    seen, todo = set[str](), [module]
    while todo:
        target = todo.pop()
        if target.partition(".")[0] in AT_LOAD:
            return True
        if target not in seen:
            seen.add(target)
            todo.extend(loads.get(target, ()))
    return False


def _cycles(imports: list[Import], package: str) -> Iterator[str]:
    before: dict[str, set[str]] = {}
    for found in imports:
        if found.at_load and _own(found.target, package) and found.target != found.module:
            before.setdefault(found.module, set()).add(found.target)
    try:
        graphlib.TopologicalSorter(before).prepare()
    except graphlib.CycleError as error:
        yield f"modules import each other when they are loaded: {' -> '.join(reversed(error.args[1]))}"
