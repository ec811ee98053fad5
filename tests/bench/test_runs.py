"""Suites, the runner, and what happens to methods that fail, hang, explode or end their process."""

import json
import os
import time
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

import diffcompare as dc
from diffcompare.analysis.records import KEYS
from diffcompare.analysis.timing import Budget
from diffcompare.bench import files
from diffcompare.bench.isolation import Apart, Limits, Stopped
from diffcompare.bench.session import Session
from diffcompare.bench.suites import cases_of, suite_of, suites
from diffcompare.methods.protocol import Prepared
from diffcompare.problems.problem import Problem

QUICK = Budget(sample_s=0.0005, rounds=3, each_s=0.01, least_rounds=2)


@dataclass(frozen=True)
class Misbehaving:
    """A method that does something else instead of preparing; it can be sent to another process."""

    what: str
    needs_graph: ClassVar[bool] = False

    @property
    def name(self) -> str:
        return self.what

    def prepare(self, graph, wrt):
        if self.what == "sleep":
            time.sleep(120.0)
        if self.what == "exit":
            os._exit(7)
        if self.what == "eat":
            held = []
            while True:
                held.append(np.ones(4_000_000))
        if self.what == "raise":
            raise ZeroDivisionError("on purpose")

        def gradient(*args):
            parts = {"nan": np.nan, "shape": np.ones(2)}
            return 1.0, tuple(parts[self.what] for _ in wrt)

        return Prepared(method=self.what, value=lambda *args: 1.0, value_and_gradient=gradient)


def run(methods, limits=None, **options):
    return dc.benchmark(["product-of-sum"], methods=methods, budget=QUICK, limits=limits, progress=False, **options)


@pytest.mark.parametrize(("what", "words"), [("raise", "on purpose"), ("nan", "not finite"), ("shape", "shape")])
def test_a_method_that_fails_is_a_row_with_its_reason(what, words):
    found = run([Misbehaving(what), "reverse"], isolate=False)
    bad, good = found.find("product-of-sum", what), found.find("product-of-sum", "reverse")
    assert bad["status"] == "failed" and words in bad["reason"]
    assert good["status"] == "ok" and good["median_s"] > 0


@pytest.mark.parametrize(
    ("what", "limits", "words"),
    [
        ("sleep", Limits(seconds=15.0), "stopped after 15 s"),
        ("exit", Limits(seconds=60.0), "exit code 7"),
        ("eat", Limits(seconds=60.0, memory_bytes=700_000_000), "are allowed"),
    ],
)
def test_a_method_that_hangs_or_explodes_is_stopped_and_the_others_are_measured(what, limits, words):
    found = run([Misbehaving(what), "symbolic"], limits=limits)
    bad, good = found.find("product-of-sum", what), found.find("product-of-sum", "symbolic")
    assert bad["status"] == "skipped" and words in bad["reason"]
    assert good["status"] == "ok" and good["median_s"] > 0
    assert found.complete


def test_a_stopped_step_leaves_no_process_behind():
    place = Apart(Limits(seconds=1.0))
    place.run("open", "product-of-sum", "published", "float64", seconds=60.0)
    process = place._process
    with pytest.raises(Stopped):
        place.run("check", Misbehaving("sleep"))
    assert process.poll() is not None


def test_every_pair_of_case_and_method_is_a_row_with_every_key():
    methods = ["reverse", "forward-difference", "complex-step"]
    found = dc.benchmark(
        ["product-of-sum", "softmax-cross-entropy"], methods=methods, budget=QUICK, isolate=False, progress=False,
        dtypes=("float64", "float32"),
    )  # fmt: skip
    assert all(tuple(record) == KEYS for record in found.records)
    assert {(r["problem"], r["dtype"], r["method"]) for r in found.records} == {
        (problem, dtype, method)
        for problem in ("product-of-sum", "softmax-cross-entropy")
        for dtype in ("float64", "float32")
        for method in ("value", "by-hand", *methods)
    }
    assert all(len(s) == r["rounds"] for s, r in zip(found.samples, found.records, strict=True) if s)
    for record in found.records:
        if record["problem"] == "softmax-cross-entropy" and record["method"] != "value":
            assert record["gradient"][0].dtype == record["dtype"], record["method"]


def test_the_gradient_by_hand_has_its_certified_error_too():
    record = run(["reverse"], isolate=False).find("product-of-sum", "by-hand")
    assert record["gradient"] == (-4.0, -4.0, 3.0)  # (x + y) z at (-2, 5, -4)
    assert record["digits"] > 15 and record["median_s"] > 0


def test_an_interruption_keeps_what_is_done_and_can_be_resumed(tmp_path, monkeypatch):
    measured = []

    def opened(self, problem, point, dtype):
        measured.append(problem.name)
        if len(measured) == 2:
            raise KeyboardInterrupt
        return usual(self, problem, point, dtype)

    usual = Session.open
    monkeypatch.setattr(Session, "open", opened)
    path = tmp_path / "run.json"
    options = {"methods": ["reverse"], "budget": QUICK, "isolate": False, "progress": False, "keep": path}
    first = dc.benchmark(["product-of-sum", "staged-circuit"], **options)
    assert not first.complete and first.find("product-of-sum", "reverse")["status"] == "ok"
    assert "interrupted" in first.find("staged-circuit", "reverse")["reason"]
    second = dc.benchmark(["product-of-sum", "staged-circuit"], resume=path, **options)
    assert second.complete and measured == ["product-of-sum", "staged-circuit", "staged-circuit"]
    kept = second.find("product-of-sum", "reverse")["median_s"]
    assert kept == first.find("product-of-sum", "reverse")["median_s"]


def test_the_row_of_a_device_tells_where_its_time_goes(monkeypatch):
    """A stand-in for what a device would answer: its line is the row's, and no other row's."""
    monkeypatch.setattr("diffcompare.bench.session.device_note", lambda program, args: (f"kernels of {program}", 1e-6))
    session = Session()
    session.open("product-of-sum", "published", "float64")
    for method in ("reverse", "forward"):
        session.check(method)
    session._runs["reverse"].program = "a device"
    reasons = {row.record["method"]: row.record["reason"] for row in session.time(QUICK)}
    assert reasons == {"value": "", "by-hand": "", "reverse": "kernels of a device", "forward": ""}


def test_a_problem_of_ones_own_is_measured_in_this_process():
    own = Problem(
        name="mine",
        function=lambda x: np.sum(x**3),
        point=lambda size: (np.arange(1.0, size + 1.0),),
        gradient=lambda x: (3.0 * x**2,),
        sizes=(2, 3),
        source="here",
    )
    found = dc.benchmark([own], methods=["reverse"], budget=QUICK, progress=False)
    assert found.find("mine", "reverse", "2")["status"] == "ok"
    np.testing.assert_allclose(found.find("mine", "reverse")["gradient"][0], [3.0, 12.0, 27.0], rtol=4e-16)
    with pytest.raises(dc.errors.OptionError, match="registered"):
        dc.benchmark([own], methods=["reverse"], isolate=True)


@pytest.mark.parametrize(
    ("words", "options"),
    [
        ("quick", {"suite": "quik"}),
        ("rosenbrock", {"suite": ["rosenbrok"]}),
        ("reverse", {"suite": ["rosenbrock"], "methods": ["revers"]}),
        ("size", {"suite": ["gmm"], "sizes": ["d3_K7"]}),
        ("float16", {"suite": ["gmm"], "dtypes": ("float16",)}),
    ],
)
def test_a_name_that_does_not_exist_is_told_with_the_nearest_ones(words, options):
    with pytest.raises(dc.errors.DiffCompareError, match=words):
        dc.benchmark(**options)


def test_every_suite_has_cases_and_all_has_every_problem():
    for suite in suites().values():
        assert cases_of(suite, None, None, ("float64",)), suite.name
    assert dict(suites()["all"].cases).keys() == set(dc.problems.names())


def test_sizes_that_a_scalable_problem_does_not_list_are_tried():
    cases = cases_of(suite_of(["rosenbrock"]), None, [10, 37], ("float64",))
    assert [case.point for case in cases] == [10, 37]


def test_a_saved_run_is_read_back_as_it_was(tmp_path):
    found = run(["reverse", "forward-difference"], isolate=False)
    found.save(tmp_path / "run.json")
    again = dc.load(tmp_path / "run.json")
    assert again.samples == found.samples and again.loops == found.loops
    for old, new in zip(found.records, again.records, strict=True):
        for key in KEYS:
            if key != "gradient":
                assert old[key] == new[key], key


def test_results_files_fulfil_the_published_schema(tmp_path):
    jsonschema = pytest.importorskip("jsonschema", reason="the package jsonschema is not installed")
    found = run(["reverse", Misbehaving("nan")], isolate=False)
    found.save(tmp_path / "run.json")
    content = json.loads((tmp_path / "run.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(files.schema())
    jsonschema.validate(content, files.schema())
    damages: tuple[dict[str, object], ...] = (
        {"schema": "diffcompare-benchmark/9"},
        {"records": [{}]},
        {"samples": [[-1.0]]},
    )
    for damage in damages:
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(content | damage, files.schema())


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"schema": ', "not whole"),
        ("[]", "names no schema"),
        ('{"schema": "diffcompare-benchmark/9"}', "diffcompare-benchmark/9"),
        ('{"schema": "diffcompare-benchmark/1"}', "lacks"),
        (None, "cannot read"),
    ],
)
def test_a_file_that_is_no_results_file_is_told_apart(tmp_path, text, words):
    path = tmp_path / "run.json"
    if text is not None:
        path.write_text(text, encoding="utf-8")
    with pytest.raises(dc.errors.DataError, match=words):
        dc.load(path)


def test_saving_where_nothing_can_be_written_says_so(tmp_path):
    with pytest.raises(dc.errors.DataError, match="cannot write"):
        run(["reverse"], isolate=False).save(tmp_path / "absent" / "run.json")


def test_exports_hold_every_record():
    found = run(["reverse"], isolate=False)
    assert len(found.to_csv().splitlines()) == 1 + len(found)
    assert all(record["method"] in found.to_markdown() for record in found.records)
    assert found.to_latex().count(r"\\") == 1 + len(found)
    assert list(found.to_pandas()["method"]) == [record["method"] for record in found.records]
    benchmarks = json.loads(found.to_pyperf())["benchmarks"]
    assert [len(b["runs"][0]["values"]) for b in benchmarks] == [record["rounds"] for record in found.records]


def test_pyperf_reads_its_format(tmp_path):
    pyperf = pytest.importorskip("pyperf", reason="the package pyperf is not installed")
    found = run(["reverse"], isolate=False)
    found.to_pyperf(tmp_path / "run.pyperf.json")
    suite = pyperf.BenchmarkSuite.load(str(tmp_path / "run.pyperf.json"))
    medians = {b.get_name(): b.median() for b in suite.get_benchmarks()}
    assert medians["product-of-sum(published,float64):reverse"] == found.find("product-of-sum", "reverse")["median_s"]
