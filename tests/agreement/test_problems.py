"""Every problem by every method, judged against the certified gradient and against the one written by hand."""

import numpy as np
import pytest

from diffcompare import methods, problems
from diffcompare.analysis.compare import compare
from diffcompare.analysis.reference import reference_gradient

EPS = float(np.finfo(np.float64).eps)
METHODS = [name for name, (can_run, _) in methods.available().items() if can_run and name not in methods.PEERS]
# Their gradient, as one expression of all inputs, is beyond the declared limit of 100,000 operations.
TOO_LONG_IN_SYMBOLS = {
    "logistic-map-chaos", "k-means", "predator-prey", "digits-softmax", "digits-svm", "digits-network",
    "bundle-adjustment-scene", "lstm", "log-sum-exp", "hand",
}  # fmt: skip
DIFFERENCES = {"forward-difference", "backward-difference", "central-difference", "richardson"}


def cases():
    """Every pair; 250 observations written out as one symbolic expression take half a minute."""
    for problem in problems.names():
        for method in METHODS:
            slow = problem in ("nist-gauss1", "nist-gauss3") and method == "symbolic"
            yield pytest.param(problem, method, marks=pytest.mark.slow if slow else ())


def verdicts(problem, method):
    """The statuses that this method may have on this problem."""
    if method == "complex-step" and "kink" in problem.tags:
        return {"skipped"}  # maximum and relu are not analytic
    if method == "symbolic" and problem.name in TOO_LONG_IN_SYMBOLS:
        return {"skipped"}
    if method in DIFFERENCES and problem.name == "logistic-map-chaos":
        return {"inaccurate"}  # no step is both above the rounding and below the scale of the chaos
    if method in DIFFERENCES and {"badly-scaled", "ill-conditioned"} & set(problem.tags):
        return {"ok", "inaccurate"}  # a parameter of 1e-4 beside one of 500, or a value that rounding moves more
    return {"ok"}


@pytest.mark.parametrize("name, method", list(cases()))
def test_a_method_meets_the_certified_gradient(name, method):
    """A method's gradient is as near the certified one as its theory says, or its record says why not."""
    problem = problems.get(name)
    (record,) = compare(problem, methods=[method], time=False).records
    assert record["status"] in verdicts(problem, method), record["reason"]
    assert bool(record["reason"]) == (record["status"] != "ok")


@pytest.mark.parametrize("name", problems.names())
def test_the_gradient_by_hand_meets_the_certified_one(name):
    """The gradient written by hand is the certified derivative but for rounding: nothing is judged by a wrong rule."""
    problem = problems.get(name)
    arguments = problem.point()
    certified = reference_gradient(problem.function, at=arguments, wrt=problem.wrt).gradient
    largest = max(np.max(np.abs(part)) for part in problem.gradient(*arguments))
    if "cancellation" in problem.tags:
        largest *= 815  # a weighted projection of 219 leaves 0.269, which every entry is multiplied by
    # 40 roundings of the largest entry; 19 chaotic iterations multiply an early one by 4 each and end at 5.6e5.
    bound = 40 * EPS * (4.0**19 if "ill-conditioned" in problem.tags else largest)
    for by_hand, expected in zip(problem.gradient(*arguments), certified, strict=True):
        assert np.all(np.abs(np.asarray(by_hand) - np.asarray(expected, dtype=np.float64)) <= bound)
