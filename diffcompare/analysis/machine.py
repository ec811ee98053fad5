"""The machine under a measurement, asked without importing anything heavy and without its network name."""

import os
import platform
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

# Instruction sets that decide how wide a compiled loop is; other flags say nothing about speed here.
VECTOR_FLAGS = ("sse4_2", "avx", "avx2", "fma", "avx512f", "avx512dq", "avx512vl", "neon", "asimd", "sve", "sve2")
COMMAND_LIMIT_S = 5.0


def host() -> str:
    """One line that describes the machine: processor, cores, system."""
    about = processor()
    cores = int(about["usable cores"])
    return f"{about['model']}, {cores} core{'s' * (cores != 1)}, {platform.system()} {platform.machine()}"


@cache
def processor() -> dict[str, str]:
    """Model, vector instruction sets and cores."""
    record = _cpuinfo()
    flags = (record.get("flags") or record.get("Features") or "").split()
    model = (
        record.get("model name") or _sysctl("machdep.cpu.brand_string") or platform.processor() or platform.machine()
    )
    vectors = [flag for flag in VECTOR_FLAGS if flag in flags]
    return {
        "model": model or "unknown",
        "vector instructions": " ".join(vectors) or "unknown on this system",
        "logical cores": str(os.cpu_count() or "unknown"),
        "usable cores": str(_usable_cores()),
    }


def _cpuinfo() -> dict[str, str]:
    """First block of Linux's /proc/cpuinfo; empty elsewhere."""
    path = Path("/proc/cpuinfo")
    if not path.exists():
        return {}
    block = path.read_text(errors="replace").split("\n\n")[0]
    pairs = (line.partition(":") for line in block.splitlines() if ":" in line)
    return {name.strip(): text.strip() for name, _, text in pairs}


def _sysctl(name: str) -> str:
    return _output("sysctl", "-n", name) if sys.platform == "darwin" else ""


def _usable_cores() -> int:
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def system() -> dict[str, str]:
    """Operating system, C library, load and frequency governor."""
    library, number = platform.libc_ver()
    governor = Path("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")
    return {
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "C library": f"{library} {number}".strip() or "unknown",
        "load average (1 min)": f"{os.getloadavg()[0]:.2f}" if sys.platform != "win32" else "unknown on Windows",
        "frequency governor": governor.read_text().strip() if governor.exists() else "not shown by this system",
    }


@cache
def commit() -> str:
    """Git commit of the package's own source, or why there is none."""
    root = Path(__file__).resolve().parents[2]
    if not (root / ".git").exists():
        return "no git commit: the package runs from an installation, not from its repository"
    number = _output("git", "-C", str(root), "rev-parse", "--short=12", "HEAD")
    if not number:
        return "no git commit: git gives none for the source"
    changed = _output("git", "-C", str(root), "status", "--porcelain", "--untracked-files=no")
    return f"commit {number}" + (" with changes on top" if changed else "")


def _output(program: str, *arguments: str) -> str:
    """What a command prints, stripped; empty if it is missing, fails or takes too long."""
    path = shutil.which(program)
    if path is None:
        return ""
    try:
        done = subprocess.run([path, *arguments], capture_output=True, text=True, timeout=COMMAND_LIMIT_S, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
