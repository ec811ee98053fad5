"""Methods are found by name, and names that lead nowhere say so."""

import pytest

from diffcompare import methods
from diffcompare.errors import MethodUnavailableError, OptionError, UnknownNameError
from diffcompare.methods import ComplexStep, FiniteDifference, Method, Richardson, available, resolve

NUMERICAL = {
    "forward-difference": FiniteDifference("forward"),
    "backward-difference": FiniteDifference("backward"),
    "central-difference": FiniteDifference("central"),
    "richardson": Richardson(),
    "complex-step": ComplexStep(),
}
MISSING = [name for name, (can_run, _) in available().items() if not can_run]


@pytest.mark.parametrize("name", NUMERICAL)
def test_names_give_methods_with_their_default_options(name: str) -> None:
    """A name gives the method of that name; a method gives itself."""
    method = resolve(name)
    assert method == NUMERICAL[name]
    assert method.name == name
    assert not method.needs_graph
    assert resolve(method) is method


@pytest.mark.parametrize("name", [name for name, (can_run, _) in available().items() if can_run])
def test_every_available_name_resolves_to_a_method_of_that_name(name: str) -> None:
    """What is listed as available is a `Method` under its own name."""
    method = resolve(name)
    assert isinstance(method, Method)
    assert method.name == name


def test_spelling_may_vary() -> None:
    """Case and underscores do not matter."""
    assert resolve("Central_Difference") == FiniteDifference()


@pytest.mark.parametrize(
    ("wrong", "near"), [("revers", "reverse"), ("complexstep", "complex-step"), ("central", "central-difference")]
)
def test_unknown_names_suggest_near_ones(wrong: str, near: str) -> None:
    """A misspelt name is a KeyError that suggests the right one."""
    with pytest.raises(UnknownNameError, match=near) as raised:
        resolve(wrong)
    assert isinstance(raised.value, KeyError)


def test_names_unlike_any_other_list_all() -> None:
    """A name like no other shows every name."""
    with pytest.raises(UnknownNameError, match="symbolic.*richardson.*reverse"):
        resolve("zzzzzz")


@pytest.mark.parametrize("name", MISSING)
def test_methods_that_cannot_run_here_say_why(name: str) -> None:
    """A known method that is not there raises with the reason that `available` gives."""
    reason = available()[name].reason
    assert reason
    with pytest.raises(MethodUnavailableError) as raised:
        resolve(name)
    assert reason in str(raised.value)


def test_the_device_is_listed() -> None:
    """`cuda` is a known name, with a reason in words where there is no device, driver or compiler for it."""
    can_run, reason = available()["cuda"]
    assert can_run == (reason == "")
    assert can_run or "driver" in reason or "numba-cuda" in reason


@pytest.mark.parametrize("wrong", [FiniteDifference, 3, None, object()])
def test_things_that_are_no_methods_are_refused(wrong: object) -> None:
    """A class, a number or None is an OptionError that shows the way out."""
    with pytest.raises(OptionError, match=r"Call it|Names are"):
        resolve(wrong)  # type: ignore[arg-type]


def test_classes_load_on_first_use() -> None:
    """Every exported name is there, and another one is an AttributeError."""
    assert methods.Richardson is Richardson
    assert "FiniteDifference" in dir(methods)
    with pytest.raises(AttributeError, match="Simulated"):
        _ = methods.Simulated
