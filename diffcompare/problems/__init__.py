"""Benchmark problems, one a file; a problem's file is imported when the problem is asked for."""

from collections.abc import Iterator, Mapping
from importlib import import_module

from diffcompare.problems.problem import Problem, require_known

MODULES: dict[str, str] = {
    "product-of-sum": "product_of_sum",
    "sigmoid-neuron": "sigmoid_neuron",
    "staged-circuit": "staged_circuit",
    "difference-quotient": "difference_quotient",
    "evaluation-trace": "evaluation_trace",
    "micrograd": "micrograd",
    "two-dot": "two_dot",
    "squared-constant": "squared_constant",
    "squared-detached": "squared_detached",
    "squared-attached": "squared_attached",
    "hinge": "hinge",
    "svm-hinge": "svm_hinge",
    "cross-entropy": "cross_entropy",
    "softmax-cross-entropy": "softmax_cross_entropy",
    "xor-2-3-1": "xor_2_3_1",
    "xor-3-4-1": "xor_3_4_1",
    "logistic-map": "logistic_map",
    "logistic-map-chaos": "logistic_map_chaos",
    "rosenbrock": "rosenbrock",
    "extended-rosenbrock": "extended_rosenbrock",
    "powell-singular": "powell_singular",
    "variably-dimensioned": "variably_dimensioned",
    "trigonometric": "trigonometric",
    "broyden-tridiagonal": "broyden_tridiagonal",
    "speelpenning": "speelpenning",
    "helmholtz": "helmholtz",
    "log-sum-exp": "log_sum_exp",
    "polynomial-fit": "polynomial_fit",
    "determinant": "determinant",
    "chained-ode": "chained_ode",
    "absolute-maxima": "absolute_maxima",
    "wilkinson": "wilkinson",
    "hilbert": "hilbert",
    "k-means": "k_means",
    "kernel-sums": "kernel_sums",
    "lennard-jones": "lennard_jones",
    "predator-prey": "predator_prey",
    "banded-quadratic": "banded_quadratic",
    "combustion": "combustion",
    "black-scholes": "black_scholes",
    "nist-misra1a": "nist_misra1a",
    "nist-rat42": "nist_rat42",
    "nist-mgh09": "nist_mgh09",
    "nist-thurber": "nist_thurber",
    "nist-gauss1": "nist_gauss1",
    "nist-misra1c": "nist_misra1c",
    "nist-danwood": "nist_danwood",
    "nist-chwirut2": "nist_chwirut2",
    "nist-lanczos1": "nist_lanczos1",
    "nist-lanczos3": "nist_lanczos3",
    "nist-kirby2": "nist_kirby2",
    "nist-gauss3": "nist_gauss3",
    "nist-eckerle4": "nist_eckerle4",
    "nist-bennett5": "nist_bennett5",
    "digits-logistic": "digits_logistic",
    "digits-softmax": "digits_softmax",
    "digits-svm": "digits_svm",
    "digits-network": "digits_network",
    "lstm": "lstm",
    "hand": "hand",
    "bundle-adjustment": "bundle_adjustment",
    "bundle-adjustment-scene": "bundle_adjustment_scene",
    "gmm": "gmm",
    "gmm-gradbench": "gmm_gradbench",
}


class Registry(Mapping[str, Problem]):
    """Problems by name, in the order of `MODULES`; looking one up imports its file, listing the names does not."""

    __slots__ = ()

    def __getitem__(self, name: str) -> Problem:
        require_known(name, tuple(MODULES), "problem")
        return import_module(f"{__name__}.{MODULES[name]}").PROBLEM

    def __contains__(self, name: object) -> bool:
        return name in MODULES

    def __iter__(self) -> Iterator[str]:
        return iter(MODULES)

    def __len__(self) -> int:
        return len(MODULES)

    def __repr__(self) -> str:
        return f"<{len(self)} problems: {', '.join(self)}>"


PROBLEMS = Registry()


def names() -> tuple[str, ...]:
    """Names of all problems, smallest problems first."""
    return tuple(MODULES)


def get(name: str) -> Problem:
    """The problem of this name.

    Raises
    ------
    UnknownNameError
        If there is none; the message lists the nearest names.
    """
    return PROBLEMS[name]


__all__ = ["MODULES", "PROBLEMS", "Problem", "Registry", "get", "names"]
