"""A benchmark run whose every number is chosen by hand."""

from __future__ import annotations

from diffcompare.analysis.records import new_record
from diffcompare.bench.results import BenchmarkRun
from diffcompare.bench.session import Row

# Problem -> size -> method -> (seconds a call, relative error, status); the value takes 1 µs and the hand 2 µs.
CASES: dict[str, dict[int, dict[str, tuple[float | None, float | None, str]]]] = {
    "line": {
        10: {"a": (1e-6, 1e-16, "ok"), "b": (2e-6, 0.0, "ok"), "b (order=4)": (8e-6, 1e-16, "ok")},
        100: {"a": (1e-5, 1e-16, "ok"), "b": (1e-5, 1e-8, "ok"), "b (order=4)": (None, None, "failed")},
    },
    "curve": {
        3: {"a": (4e-6, 4e-16, "ok"), "b": (1e-6, 1e-8, "inaccurate"), "b (order=4)": (8e-6, 1e-12, "ok")},
        4: {"a": (6e-6, 4e-16, "ok"), "b": (2e-6, 1e-8, "ok"), "b (order=4)": (2e-5, 1e-12, "ok")},
    },
}
REASON = "<script>alert(1)</script> & 'quoted' \"twice\""


def run_by_hand(names: dict[str, str] | None = None) -> BenchmarkRun:
    """The run of `CASES`; `names` gives methods other names."""
    names = names or {}
    run = BenchmarkRun("made", {"versions": {"numpy": "2"}, "commit": "c"}, "2026-01-02T03:04:05+00:00", complete=True)
    for problem, sizes in CASES.items():
        for size, methods in sizes.items():
            baselines = {"value": (1e-6, None, "ok"), "by-hand": (2e-6, 0.0, "ok")}
            for method, (seconds, error, status) in {**baselines, **methods}.items():
                record = new_record(
                    problem=problem, point=str(size), size=size, dtype="float64", method=names.get(method, method),
                    status=status, reason="" if status == "ok" else REASON, rel_error=error, median_s=seconds,
                    min_s=seconds, iqr_s=seconds and seconds / 10, rounds=seconds and 2, host="h, 2 cores",
                    gradient_to_value=seconds and seconds / 1e-6, derive_s=1e-3, compile_s=0.0, first_s=1e-3,
                    digits=None if error is None else 15.0 if error < 1e-15 else 8.0, break_even_calls=0.0,
                )  # fmt: skip
                run.add([Row(record, (seconds, seconds) if seconds else (), 1 if seconds else 0)])
    return run
