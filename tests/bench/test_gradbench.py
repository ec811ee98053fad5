"""`diffcompare gradbench` as an eval sees it: a process that answers each line, whatever the line holds."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from itertools import count

import mpmath
import numpy as np
import pytest

from diffcompare import problems
from diffcompare.bench.gradbench import answers
from diffcompare.problems.adbench_files import read_mixture
from tests.problems.test_mixture import GRADBENCH_GRADIENT, GRADBENCH_VALUE

COMMAND = [sys.executable, "-m", "diffcompare", "gradbench"]
CLOSE = 1e-12  # of the size of an output, as GradBench's comparison scales it: |x - y| / max(1, |x| + |y|)


class Eval:
    """The other side: writes a message, reads the line that answers it."""

    def __init__(self, process):
        self.process, self.numbers = process, count()

    def line(self, line):
        """What a raw line is answered with."""
        self.process.stdin.write(line + b"\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def ask(self, kind, **message):
        """The answer to a message, which has the message's id."""
        number = next(self.numbers)
        answer = self.line(json.dumps({"id": number, "kind": kind, **message}).encode())
        assert answer.pop("id") == number
        return answer

    def evaluate(self, module, function, given):
        """The answer to an evaluation."""
        return self.ask("evaluate", module=module, function=function, input=given)

    def output(self, module, function, given):
        """The output of an evaluation that must succeed."""
        answer = self.evaluate(module, function, given)
        assert answer["success"], answer
        return answer["output"]


def started():
    """A fresh tool."""
    return subprocess.Popen(COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


@pytest.fixture(scope="module")
def tool():
    """One tool for all tests: what one message breaks, the next would notice. At the end of its input it ends well."""
    with started() as process:
        yield Eval(process)
        rest, _ = process.communicate(timeout=60)
    assert process.returncode == 0 and rest == b""


def assert_close(found, expected):
    """Every number, by GradBench's own measure, to 1e-12 instead of its 1e-4."""
    found, expected = np.asarray(found, float), np.asarray(expected, float)
    assert found.shape == expected.shape
    assert np.all(np.abs(found - expected) <= CLOSE * np.maximum(1.0, np.abs(found) + np.abs(expected)))


def test_the_tool_names_itself_and_its_modules(tool):
    """`start` is answered with the name, `define` with success for each of the eight modules."""
    assert tool.ask("start", eval="hello", config={"seed": 1}) == {"tool": "diffcompare"}
    for module in ("hello", "lse", "llsq", "det", "ode", "gmm", "kmeans", "lstm"):
        assert tool.ask("define", module=module) == {"success": True}


def test_hello(tool):
    """The square of 3.5 is 12.25, its slope 7; the input is a bare number."""
    assert tool.output("hello", "square", 3.5) == 12.25
    assert tool.output("hello", "double", 3.5) == 7.0


@pytest.mark.parametrize("shift", [0.0, 1000.0])
def test_lse(tool, shift):
    """Log-sum-exp and its softmax are those of 30-digit arithmetic, where exp alone would overflow too."""
    x = [0.25 + shift, -1.5 + shift, 3.0 + shift]
    with mpmath.workdps(30):
        powers = [mpmath.exp(mpmath.mpf(entry)) for entry in x]
        value, slopes = mpmath.log(mpmath.fsum(powers)), [power / mpmath.fsum(powers) for power in powers]
    assert_close(tool.output("lse", "primal", {"x": x}), float(value))
    assert_close(tool.output("lse", "gradient", {"x": x}), [float(slope) for slope in slopes])


def test_llsq(tool):
    """1 + 2 t misses the signs of -1, 0 and 1 by 0, -1 and -2: half the squares are 5/2, the slopes 3 and 2."""
    given = {"x": [1.0, 2.0], "n": 3}
    assert tool.output("llsq", "primal", given) == 2.5
    assert tool.output("llsq", "gradient", given) == [3.0, 2.0]


@pytest.mark.parametrize("ell", [1, 2, 5, 11])
def test_det(tool, ell):
    """det(I + u v^T) = 1 + v.u, and its derivative, the cofactors, (1 + v.u) I - v u^T, transposed."""
    u, v = np.linspace(-1.0, 2.0, ell), np.linspace(0.5, -0.25, ell)
    given = {"A": (np.eye(ell) + np.outer(u, v)).ravel().tolist(), "ell": ell}
    assert_close(tool.output("det", "primal", given), 1.0 + v @ u)
    assert_close(tool.output("det", "gradient", given), ((1.0 + v @ u) * np.eye(ell) - np.outer(v, u)).ravel())


@pytest.mark.parametrize("s", [1, 10])
def test_ode(tool, s):
    """y_i(t) = x_0 ... x_i t^(i + 1) / (i + 1)! up to the fourth power, for which the method is exact."""
    x = np.array([0.5, 1.25, -2.0, 0.75])
    expected = [np.prod(x[: i + 1]) * 2.0 ** (i + 1) / math.factorial(i + 1) for i in range(4)]
    assert_close(tool.output("ode", "primal", {"x": x.tolist(), "s": s}), expected)
    assert_close(tool.output("ode", "gradient", {"x": x.tolist(), "s": s}), expected[-1] / x)


def mixture_input(**changes):
    """ADBench's unit test as an input of `gmm`."""
    data = read_mixture("adbench/test.txt")
    components, d = data.means.shape
    return {
        "d": d, "k": components, "n": data.x.shape[0], "x": data.x.tolist(), "m": data.m, "gamma": data.gamma,
        "alpha": data.alpha.tolist(), "mu": data.means.tolist(), "q": data.icf[:, :d].tolist(),
        "l": data.icf[:, d:].tolist(), "min_runs": 1, "min_seconds": 0,
    } | changes  # fmt: skip


def test_gmm(tool):
    """Value and gradient of ADBench's unit test, prior subtracted, are those of 50-digit arithmetic."""
    assert_close(tool.output("gmm", "objective", mixture_input()), GRADBENCH_VALUE)
    found = tool.output("gmm", "jacobian", mixture_input())
    expected = np.array(GRADBENCH_GRADIENT)
    icf = expected[9:].reshape(3, 3)
    assert list(found) == ["alpha", "mu", "q", "l"]
    assert_close(found["alpha"], expected[:3])
    assert_close(found["mu"], expected[3:9].reshape(3, 2))
    assert_close(found["q"], icf[:, :2])
    assert_close(found["l"], icf[:, 2:])


def test_gmm_with_another_prior(tool):
    """m = 2 adds 2 sum q to the prior, which is subtracted from nothing else than a constant of 3 (C(2) - C(0))."""
    q = np.array(mixture_input()["q"])
    # C = N D (ln gamma - ln 2 / 2) - ln Gamma_2(N / 2), N = 3 + m, Gamma_2(a) = sqrt(pi) Gamma(a) Gamma(a - 1/2).
    constants = [
        -n * math.log(2.0) - 0.5 * math.log(math.pi) - math.lgamma(n / 2) - math.lgamma((n - 1) / 2) for n in (3, 5)
    ]
    expected = GRADBENCH_VALUE + 2.0 * q.sum() + 3 * (constants[1] - constants[0])
    assert_close(tool.output("gmm", "objective", mixture_input(m=2)), expected)


def test_gmm_in_one_dimension(tool):
    """Without a triangle `l` is empty, in the input and in the output."""
    given = {"d": 1, "k": 2, "n": 2, "x": [[0.5], [1.0]], "m": 0, "gamma": 1.0, "alpha": [0.0, 0.5]}
    given |= {"mu": [[0.0], [1.0]], "q": [[0.0], [0.1]], "l": [[], []]}
    assert tool.output("gmm", "jacobian", given)["l"] == [[], []]


def test_kmeans(tool):
    """Centre 0.5 owns the points 0 and 1, centre 5 the point 4: cost 3/2, slopes 0 and 2, over curvatures 4 and 2."""
    given = {"points": [[0.0], [1.0], [4.0]], "centroids": [[0.5], [5.0]]}
    assert tool.output("kmeans", "cost", given) == 1.5
    assert tool.output("kmeans", "dir", given) == [[0.0], [1.0]]


def test_lstm(tool):
    """On 16 characters of ADBench's file: the gradient by hand, which meets the published one on all of them."""
    problem, keys = problems.get("lstm"), ("main_params", "extra_params", "state", "sequence")
    arguments = problem.point("l2_c16")
    given = {key: part.tolist() for key, part in zip(keys, arguments, strict=True)}
    assert_close(tool.output("lstm", "objective", given), problem.function(*arguments))
    expected = np.concatenate([np.ravel(part) for part in problem.gradient(*arguments)])
    assert_close(tool.output("lstm", "jacobian", given), expected)


def test_a_function_runs_as_often_and_as_long_as_asked(tool):
    """Each run has its time; preparation comes first, under its own name; with no request there is one run."""

    def times(**limits):
        timings = tool.evaluate("lse", "primal", {"x": [1.0, 2.0], **limits})["timings"]
        assert [t["name"] for t in timings] == ["prepare"] + ["evaluate"] * (len(timings) - 1)
        assert all(isinstance(t["nanoseconds"], int) and t["nanoseconds"] > 0 for t in timings)
        return [t["nanoseconds"] for t in timings[1:]]

    assert len(times()) == 1
    assert len(times(min_runs=7, min_seconds=0)) == 7
    long = times(min_runs=2, min_seconds=0.01)
    assert sum(long) >= 1e7 > sum(long[:-1])


def test_other_messages_are_answered_with_their_id(tool):
    """`analysis` and kinds that are not known yet get the id alone."""
    assert tool.ask("analysis", of=3, valid=True) == {}
    assert tool.ask("farewell") == {}


@pytest.mark.parametrize(
    ("line", "identity", "told"),
    [
        (b"hello", None, "no JSON"),
        (b'{"id": 1, "kind": "start"', None, "no JSON"),
        (b"\xff\xfe", None, "no JSON"),
        (b"[" * 100_000, None, "no JSON"),
        (b"[1, 2]", None, "a message is an object, not list"),
        (b'{"id": 5}', 5, "no text 'kind'"),
        (b'{"id": 5, "kind": ["start"]}', 5, "no text 'kind'"),
        (b'{"kind": "define", "module": "gmmm"}', None, "no module is called 'gmmm'. Did you mean 'gmm'"),
        (b'{"id": "a", "kind": "define"}', "a", "no text 'module'"),
        (b'{"id": 5, "kind": "evaluate", "module": "lse", "function": "jacobian"}', 5, "no function of lse"),
        (b'{"id": 5, "kind": "evaluate", "module": "lse", "function": "primal"}', 5, "no 'input'"),
    ],
)  # fmt: skip
def test_a_bad_message_is_answered_with_an_error(tool, line, identity, told):
    """The answer keeps the id where there is one, says what is wrong, and the tool goes on."""
    answer = tool.line(line)
    assert answer["id"] == identity and answer["success"] is False and told in answer["error"]
    assert tool.ask("define", module="hello") == {"success": True}


@pytest.mark.parametrize(
    ("module", "function", "given", "told"),
    [
        ("hello", "square", "three", "the input is a number"),
        ("hello", "square", 10**400, "OverflowError"),
        ("lse", "primal", [1.0], "no 'x'"),
        ("lse", "primal", {"x": []}, "at least one number"),
        ("lse", "primal", {"x": [1.0, "a"]}, "not numbers"),
        ("lse", "primal", {"x": [[1.0], [1.0, 2.0]]}, "ragged"),
        ("lse", "primal", {"x": [1.0], "min_runs": "many"}, "min_runs is a number"),
        ("lse", "primal", {"x": [1.0], "min_seconds": math.inf}, "min_seconds is a number"),
        ("lse", "primal", {"x": [math.nan]}, "JSON has no word"),
        ("llsq", "primal", {"x": [1.0], "n": 1}, "'n' is a whole number from 2"),
        ("det", "primal", {"A": [1.0, 2.0, 3.0], "ell": 2}, "the shape (3,); expected is 4"),
        ("det", "primal", {"A": [1.0], "ell": True}, "'ell' is a whole number"),
        ("ode", "gradient", {"x": [1.0], "s": 0}, "'s' is a whole number from 1"),
        ("kmeans", "cost", {"points": [[1.0, 2.0]], "centroids": [[1.0]]}, "'centroids' has the shape (1, 1)"),
        ("kmeans", "dir", {"points": [[1.0]], "centroids": [[1.0], [9.0]]}, "JSON has no word"),
        ("gmm", "objective", mixture_input(k=4), "'l' has the shape (3, 1); expected is 4x1"),
        ("gmm", "objective", mixture_input(gamma=[1.0]), "'gamma'"),
        ("lstm", "objective", {"extra_params": [[1.0]] * 3, "main_params": [[1.0] * 4]}, "1 rows"),
    ],
)  # fmt: skip
def test_a_bad_input_is_answered_with_an_error(tool, module, function, given, told):
    """What is wrong with an input is named, and the tool goes on."""
    answer = tool.evaluate(module, function, given)
    assert answer["success"] is False and told in answer["error"], answer
    assert tool.output("hello", "square", 2) == 4.0


def test_standard_output_carries_answers_alone():
    """What a function prints, from Python or past it, goes to standard error."""
    code = (
        "import os, sys; from diffcompare.bench import gradbench_modules as m; from diffcompare.cli import main;"
        "usual = m.MODULES['hello']['square'];"
        "m.MODULES['hello']['square'] = lambda x: (print('aside'), os.write(1, b'below\\n'), usual(x))[-1];"
        "sys.argv = ['diffcompare', 'gradbench']; main()"
    )
    line = b'{"id": 0, "kind": "evaluate", "module": "hello", "function": "square", "input": 3}\n'
    done = subprocess.run([sys.executable, "-c", code], input=line, capture_output=True, check=True)
    (answer,) = done.stdout.splitlines()
    assert json.loads(answer)["output"] == 9.0
    assert b"aside" in done.stderr and b"below" in done.stderr


def test_an_input_that_ends_early_ends_the_tool():
    """Half a line is answered as one that is no JSON; then, and at no input at all, the exit code is 0."""
    done = subprocess.run(COMMAND, input=b'\n{"id": 0, "ki', capture_output=True, check=True)
    (answer,) = done.stdout.splitlines()
    assert json.loads(answer)["id"] is None
    assert subprocess.run(COMMAND, input=b"", capture_output=True, check=True).stdout == b""


def test_an_eval_that_leaves_ends_the_tool():
    """Where nobody reads any more the tool ends with code 1, without a traceback."""
    with started() as process:
        process.stdout.close()
        process.stdin.write(b'{"id": 0, "kind": "start"}\n' * 2)
        process.stdin.close()
        told = process.stderr.read()
    assert process.returncode == 1 and b"Traceback" not in told


def test_a_defect_of_the_tool_is_not_hidden(monkeypatch):
    """Only what inputs can cause is answered: an assertion that fails inside ends the loop."""

    def broken(_):
        raise AssertionError("a defect")

    monkeypatch.setattr("diffcompare.bench.gradbench.MODULES", {"hello": {"square": broken}})
    line = b'{"id": 0, "kind": "evaluate", "module": "hello", "function": "square", "input": 3}'
    with pytest.raises(AssertionError, match="a defect"):
        list(answers([line]))
