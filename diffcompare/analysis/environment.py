"""What a measurement ran on: versions, processor, threads, vector mathematics, device, peers. Never the host's name.

Little is imported to find out: versions come from package metadata, and Numba is asked only if it is loaded already.
LLVM is loaded to test its vector mathematics.
"""

import importlib.metadata
import importlib.util
import json
import os
import platform
import sys
import time
from dataclasses import asdict, dataclass

from diffcompare.analysis import machine
from diffcompare.lower import cuda_presence
from diffcompare.methods import available

PACKAGES = (
    "diffcompare", "numpy", "scipy", "sympy", "numba", "llvmlite", "python-flint", "matplotlib", "pandas", "rich",
    "typer",
)  # fmt: skip
# Peers: name in `diffcompare.methods`, distribution to install, module to import.
PEERS = (
    ("jax", "jax", "jax"),
    ("torch", "torch", "torch"),
    ("autograd", "autograd", "autograd"),
    ("casadi", "casadi", "casadi"),
    ("pytensor", "pytensor", "pytensor"),
    ("symengine", "symengine", "symengine"),
    ("numdifftools", "numdifftools", "numdifftools"),
    ("scipy-differentiate", "scipy", "scipy"),
)
THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "NUMBA_THREADING_LAYER",
)
NOT_INSTALLED = "not installed"


@dataclass(frozen=True, slots=True)
class Environment:
    """What a measurement ran on; every field is text, or a mapping of texts, ready to print and to save.

    Attributes
    ----------
    versions : dict
        Python and packages to their versions, or "not installed".
    system : dict
        Operating system, C library, load average, frequency governor.
    cpu : dict
        Model, vector instruction sets, logical cores, and cores this process may use.
    threads : dict
        Thread variables that are set, and Numba's threads and threading layer if Numba is loaded.
    vector_mathematics : str
        What evaluates `exp`, `sin` … inside compiled loops.
    blas : str
        Library behind matrix products, and its threads where `threadpoolctl` can tell.
    gpu : str
        The device and its driver, or why there is none.
    peers : dict
        Peer packages to their version, or why each is missing.
    commit : str
        Git commit of the package's own source, or why there is none.
    timer : str
        Clock behind every time, with its resolution.
    """

    versions: dict[str, str]
    system: dict[str, str]
    cpu: dict[str, str]
    threads: dict[str, str]
    vector_mathematics: str
    blas: str
    gpu: str
    peers: dict[str, str]
    commit: str
    timer: str

    @property
    def host(self) -> str:
        """One line that names the machine by its processor, never by its name in a network."""
        return machine.host()

    def to_dict(self) -> dict[str, object]:
        """Plain dictionaries and texts."""
        return asdict(self)

    def to_json(self) -> str:
        """The same as JSON text."""
        return json.dumps(self.to_dict(), indent=2, ensure_ascii=False)

    def sections(self) -> list[tuple[str, dict[str, str]]]:
        """Title and entries of each part, in reading order."""
        compute = {"vector mathematics": self.vector_mathematics, "BLAS": self.blas, "GPU": self.gpu}
        return [
            ("versions", self.versions),
            ("system", self.system),
            ("processor", self.cpu),
            ("threads", self.threads),
            ("compute", compute),
            ("peers", self.peers),
            ("measurement", {"source": self.commit, "timer": self.timer}),
        ]

    def __str__(self) -> str:
        lines = []
        for title, entries in self.sections():
            lines.append(title)
            width = max(map(len, entries), default=0)
            lines += [f"  {name:<{width}}  {text}" for name, text in entries.items()]
        return "\n".join(lines)


def environment() -> Environment:
    """The environment of this process, now.

    Returns
    -------
    Environment
        Holds no host, user or file name.
    """
    return Environment(
        versions=versions(),
        system=machine.system(),
        cpu=machine.processor(),
        threads=threads(),
        vector_mathematics=vector_mathematics(),
        blas=blas(),
        gpu=cuda_presence.in_words(),
        peers=peers(),
        commit=machine.commit(),
        timer=timer(),
    )


def version(distribution: str) -> str | None:
    """Version of an installed distribution, None if it is not installed."""
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return None


def versions() -> dict[str, str]:
    """Python's version and those of the packages that matter here."""
    found = {"python": f"{platform.python_version()} ({platform.python_implementation()})"}
    for package in PACKAGES:
        found[package] = version(package) or NOT_INSTALLED
    if found["diffcompare"] == NOT_INSTALLED:
        found["diffcompare"] = "used from its source, not installed"
    return found


def threads() -> dict[str, str]:
    """Variables that set numbers of threads, and what Numba says if it is loaded."""
    found = {name: os.environ[name] for name in THREAD_VARIABLES if name in os.environ}
    found["numba"] = _numba_threads()
    return found


def _numba_threads() -> str:
    numba = sys.modules.get("numba")
    if numba is None:
        return "not loaded in this process"
    try:
        layer = numba.threading_layer()
    except ValueError:  # Numba's answer until the first parallel function has run
        layer = "not started: no parallel function has run"
    return f"{numba.get_num_threads()} threads, layer {layer}"


def vector_mathematics() -> str:
    """What evaluates elementary functions inside compiled loops, by a test of it in this process."""
    try:
        from diffcompare.lower.numba_vector_code import state  # loads LLVM, as compiled code does
    except ImportError as error:
        return f"none: compiled code cannot run here ({error})"
    return str(state())


def blas() -> str:
    """Library that does matrix products, by `threadpoolctl` if it is installed, else by NumPy's build record."""
    if importlib.util.find_spec("threadpoolctl") is not None:
        import threadpoolctl

        pools = [pool for pool in threadpoolctl.threadpool_info() if pool["user_api"] == "blas"]
        if pools:
            return "; ".join(f"{p['internal_api']} {p['version']}, {p['num_threads']} threads" for p in pools)
    import numpy as np

    built = np.show_config(mode="dicts")
    record = built.get("Build Dependencies", {}).get("blas", {}) if isinstance(built, dict) else {}
    name, number = record.get("name", "unknown"), record.get("version", "unknown version")
    return f"{name} {number} (as NumPy was built; install threadpoolctl to see its threads)"


def peers() -> dict[str, str]:
    """Each peer's version, or why it cannot run here."""
    return {name: _peer(name, distribution, module) for name, distribution, module in PEERS}


def _peer(name: str, distribution: str, module: str) -> str:
    number = version(distribution)
    if number is None or importlib.util.find_spec(module) is None:
        return f"not installed (pip install {distribution})"
    can_run, reason = available()[name]
    return f"{distribution} {number}" + ("" if can_run else f" is installed, but {reason}")


def timer() -> str:
    """The clock behind every time."""
    clock = time.get_clock_info("perf_counter")
    return f"time.perf_counter ({clock.implementation}, resolution {clock.resolution:.0e} s)"
