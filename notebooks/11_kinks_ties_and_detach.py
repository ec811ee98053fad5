# ---
# jupyter:
#   jupytext:
#     formats: py:percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 11 · Kinks, ties and detach
#
# You will learn
#
# - what a derivative can mean where there is none: slopes from the left, from the right, and all between;
# - which value this library and others choose at kinks and ties, and that a choice is no error;
# - how finite differences and gradient checkers behave near a kink, and how to find kinks before they find you;
# - how a branch that is not taken can poison a gradient, and how `where` keeps it clean;
# - to hold a part of a function constant on purpose: `stop_gradient`, the lectures' *detach*.

# %%
import matplotlib.pyplot as plt
import numpy as np

import diffcompare as dc
from diffcompare import optimize

# %config InlineBackend.figure_formats = ["retina"]

# %% [markdown]
# ## No derivative, many slopes
#
# $|x|$ has the slope $-1$ to the left of 0 and $+1$ to the right. At 0 there is no tangent, but many lines touch the
# graph from below: those with a slope between $-1$ and $1$. Such a slope is a *subgradient*, and all of them together
# are the subdifferential.

# %%
x = np.linspace(-1.0, 1.0, 201)
figure, panels = plt.subplots(1, 3, figsize=(11, 3.0), layout="constrained")
cases = [
    ("|x|", np.abs(x), (-1.0, 1.0)),
    ("relu(x)", dc.relu(x), (0.0, 1.0)),
    ("max(x, -x / 2)", np.maximum(x, -x / 2), (-0.5, 1.0)),
]
for axes, (name, y, (left, right)) in zip(panels, cases, strict=True):
    for slope in np.linspace(left, right, 7):
        axes.plot(x, slope * x, color="#d55e00", linewidth=0.8, alpha=0.6)
    axes.plot(x, y, color="#0072b2", linewidth=2.2)
    axes.set(title=f"{name}: slopes {left:g} to {right:g} at 0", ylim=(-0.6, 1.1))
plt.show()

# %% [markdown]
# ## What every method answers at 0
#
# A forward difference looks to the right only and answers 1, a backward one $-1$, a central one takes the middle. Each
# of them is a subgradient. The comparison says so instead of calling them wrong, and the complex step refuses: $|x|$
# is not analytic.

# %%
at_zero = dc.compare(np.abs, at=0.0, time=False)
at_zero

# %%
for record in at_zero:
    print(f"{record['method']:20} {record['status']:8} {record['gradient']}")
assert at_zero["forward-difference"]["gradient"] == 1.0 and at_zero["backward-difference"]["gradient"] == -1.0
assert (
    at_zero["reverse"]["gradient"]
    == at_zero["symbolic"]["gradient"]
    == at_zero["central-difference"]["gradient"]
    == 0.0
)
assert at_zero["complex-step"]["status"] == "skipped"

# %% [markdown]
# ## Find them first
#
# `dc.kinks` lists the operations that are at their kinks at a point, or, with `within=`, near enough for a finite
# difference to step across.

# %%
hidden = np.array([[0.5, -1.0], [2.0, 0.25]])


def small_network(x):
    return np.sum(dc.relu(x @ hidden) * np.array([1.0, -2.0]))


point = np.array([0.5, 2.0])  # the second unit gets -0.5 + 0.5
for kink in dc.kinks(small_network, point, within=0.01):
    print(kink)
assert [kink.op for kink in dc.kinks(small_network, point)] == ["relu"]
assert dc.kinks(small_network, point + 0.1) == []

# %% [markdown]
# ## Who answers what
#
# Every library must return something. The table was measured with JAX 0.10.2, autograd 1.9.1 and CasADi 3.8.2; the
# answers of this library are computed and asserted below. Where one-sided derivatives differ, the values are choices.
# Where the function is smooth, `nan` is a mistake.
#
# | expression, derivative at | JAX | autograd | CasADi | this library | what is true |
# | --- | --- | --- | --- | --- | --- |
# | $\lvert x\rvert$ at 0 | 1 | 0 | 0 | 0 | anything from −1 to 1 |
# | $\max(x, 0)$ at 0 | 1/2 | 1/2 | 1/2 | 1/2 | anything from 0 to 1 |
# | $\max(1, 3, 3)$ | 0, 1/2, 1/2 | 0, 1/2, 1/2 | – | 0, 1/2, 1/2 | shares that add up to 1 |
# | clip of $x$ to $[0, 1]$ at 1 | 1/2 | 0 | – | 1/2 | anything from 0 to 1 |
# | $\lVert x\rVert$ at 0 | nan | nan | – | 0 | any vector of length at most 1 |
# | $\mathrm{hypot}(x, 0)$ at 0 | 1/2 | nan | nan | 0 | anything from −1 to 1 |
# | $x^0$ at 0, exponent a float | nan | 0 | 0 | 0 | 0: the function is 1 |
# | $x_1 x_2 x_3$ as `prod` at (0, 2, 3) | 6, 0, 0 | nan, 0, 0 | – | 6, 0, 0 | 6, 0, 0 |
# | `where(x == 0, 1, sin(x) / x)` at 0 | nan | nan | 0 | 0 | 0 |
# | `where(x > 0, sqrt(x), 0)` at 0 | nan | error | 0 | 0 | the branch taken is constant: 0 |
# | `where(x > 0, log(x), 0)` at −1 | −0 | −0 | 0 | 0 | 0 |

# %%
chosen = {
    "abs": dc.gradient(np.abs)(0.0),
    "maximum": dc.gradient(lambda x: np.maximum(x, 0.0))(0.0),
    "max": dc.gradient(np.max)(np.array([1.0, 3.0, 3.0])),
    "clip": dc.gradient(lambda x: np.clip(x, 0.0, 1.0))(1.0),
    "norm": dc.gradient(np.linalg.norm)(np.zeros(2)),
    "hypot": dc.gradient(lambda x: np.hypot(x, 0.0))(0.0),
    "x**0": dc.gradient(lambda x: x**0.0)(0.0),
    "prod": dc.gradient(np.prod)(np.array([0.0, 2.0, 3.0])),
    "sin(x)/x": dc.gradient(lambda x: np.where(x == 0.0, 1.0, np.sin(x) / x))(0.0),
    "sqrt": dc.gradient(lambda x: np.where(x > 0.0, np.sqrt(x), 0.0))(0.0),
    "log": dc.gradient(lambda x: np.where(x > 0.0, np.log(x), 0.0))(-1.0),
}
expected = {
    "abs": 0.0,
    "maximum": 0.5,
    "max": [0.0, 0.5, 0.5],
    "clip": 0.5,
    "norm": [0.0, 0.0],
    "hypot": 0.0,
    "x**0": 0.0,
    "prod": [6.0, 0.0, 0.0],
    "sin(x)/x": 0.0,
    "sqrt": 0.0,
    "log": 0.0,
}
for name, value in chosen.items():
    print(f"{name:9} {value}")
    assert np.array_equal(value, expected[name]), name
assert dc.gradient(dc.relu)(0.0) == 0.0  # relu is an operation of its own, with its own choice: 0, as PyTorch's

# %% [markdown]
# Two ways to write the same function may choose differently: `relu(x)` gives 0, `maximum(x, 0)` gives 1/2, and
# $x = \mathrm{relu}(x) - \mathrm{relu}(-x)$ gives $0 + 0$ although the derivative of $x$ is 1. Rules at kinks are
# local choices; their sum need not be a subgradient.

# %%
same = dc.gradient(lambda x: dc.relu(x) - dc.relu(-x))
print("d x / d x, written with two relus: at 0", same(0.0), " beside it", same(1e-300))
assert same(0.0) == 0.0 and same(1e-300) == 1.0

# %% [markdown]
# ## The branch that is not taken
#
# $\mathrm{where}(x > 0, \log x, 0)$ at $-1$ takes the 0. A naive reverse sweep multiplies the unused branch's
# derivative by 0, and $0 \cdot \infty$ is nan. Here the *mask* travels back instead: what was not selected is never
# multiplied.

# %%
guarded = dc.function(lambda x: np.where(x > 0.0, np.sqrt(x), 0.0))
with np.errstate(all="ignore"):
    naive = 0.0 * (0.5 / np.sqrt(0.0))
print("naive: 0 * inf =", naive, "   with the mask:", dc.gradient(guarded)(0.0))
assert np.isnan(naive) and dc.gradient(guarded)(0.0) == 0.0

# %% [markdown]
# What a mask cannot repair: $\sqrt{x^2}$ at 0. Both branches are taken, the root's slope is infinite and the square's
# is 0. Write $|x|$.

# %%
with np.errstate(all="ignore"):
    root_of_square = dc.gradient(lambda x: np.sqrt(x**2))(0.0)
print("sqrt(x**2):", root_of_square, "   abs(x):", dc.gradient(np.abs)(0.0))
assert np.isnan(root_of_square)

# %% [markdown]
# ## Differences that step over a kink
#
# At $x = 0.001$ the derivative of $|x|$ is 1. A central difference whose step is longer than the way to the kink mixes
# both sides; it gives $(|x + h| - |x - h|)/2h = x/h$.

# %%
place, steps = 1e-3, np.geomspace(1e-8, 1.0, 81)
central = [dc.gradient(np.abs, method=dc.methods.FiniteDifference("central", step=h))(place) for h in steps]
figure, axes = plt.subplots(figsize=(7, 3.2), layout="constrained")
axes.semilogx(steps, central, "o-", markersize=3, color="#0072b2", label="central difference")
axes.semilogx(steps, np.minimum(1.0, place / steps), color="#d55e00", linestyle="--", label="min(1, x / h)")
axes.axvline(place, color="0.6", linestyle=":")
axes.set(xlabel="step h", ylabel="derivative of |x| at 0.001", title="Right up to the kink, wrong beyond")
axes.legend(frameon=False)
plt.show()
assert np.allclose(central, np.minimum(1.0, place / steps), rtol=1e-7)  # round-off: EPS * x / h at the shortest step

# %% [markdown]
# A gradient checker that compares at one step and a tolerance would call the right gradient wrong there.
# `check_gradient` watches how differences change with the step. At a kink it says *kink*; beside one it finds the
# gradient correct.


# %%
def absolute_sum(x):
    return np.sum(np.abs(x))


for at in (np.array([0.0, 1.0]), np.array([1e-9, 1.0])):
    check = dc.check_gradient(absolute_sum, np.sign, at=at)
    print(f"sign(x) for sum |x| at {at}: {check.verdict}")
assert dc.check_gradient(absolute_sum, np.sign, at=np.array([0.0, 1.0])).verdict == "kink"
assert dc.check_gradient(absolute_sum, np.sign, at=np.array([1e-9, 1.0])).verdict == "correct"
assert dc.check_gradient(absolute_sum, lambda x: 1.001 * np.sign(x), at=np.array([1e-9, 1.0])).verdict == "wrong"

# %% [markdown]
# ## Going down to a kink
#
# The minimum of $|x - 3|$ is its kink. The gradient is $\pm 1$ everywhere else: it does not shrink near the minimum,
# so steps of one length rattle around it. Steps that fade out arrive.

# %%
slide = dc.value_and_gradient(lambda x: np.abs(x - 3.0))
plans = {"steps of one length": None, "fading steps": optimize.cosine(60)}
figure, axes = plt.subplots(figsize=(7, 3.0), layout="constrained")
ends = {}
for (name, schedule), color in zip(plans.items(), ["#0072b2", "#d55e00"], strict=True):
    history = optimize.gradient_descent(slide, 0.07, learning_rate=0.2, steps=60, schedule=schedule)
    axes.semilogy(history.losses, "o-", markersize=3, color=color, label=name)
    ends[name] = history.loss
axes.set(xlabel="steps", ylabel="|x − 3|")
axes.legend(frameon=False)
plt.show()
assert ends["steps of one length"] > 0.01 > 0.002 > ends["fading steps"]

# %% [markdown]
# ## Detach: constant on purpose
#
# Sometimes a number should be used but not differentiated: a target computed by the model itself, a scale, a running
# mean. The lectures' example is $z = 2\,x \cdot x$ and $f = (z - a)^2$, where $a = \sum x$ is *detached*. Its value
# counts, its dependence on $x$ does not:
#
# $$\nabla f = 2\,(z - a)\,4x \qquad\text{instead of}\qquad 2\,(z - a)\,(4x - 1).$$

# %%
x = np.array([0.0, 1.0, 2.0, 3.0])


@dc.function
def attached(x):
    return (2 * np.dot(x, x) - np.sum(x)) ** 2


@dc.function
def detached(x):
    a = dc.stop_gradient(np.sum(x))
    return (2 * np.dot(x, x) - a) ** 2


for name, f in (("attached", attached), ("detached", detached)):
    value, gradient = dc.value_and_gradient(f)(x)
    print(f"{name}: value {value}, gradient {gradient}")
assert dc.value_and_gradient(attached)(x)[0] == dc.value_and_gradient(detached)(x)[0] == 484.0
assert dc.gradient(attached)(x).tolist() == [-44.0, 132.0, 308.0, 484.0]
assert dc.gradient(detached)(x).tolist() == [0.0, 176.0, 352.0, 528.0]

# %%
detached.draw(at=(x,))

# %% [markdown]
# A finite difference moves $x$ and would see $a$ move with it. Here every method respects the detachment: what
# `stop_gradient` holds keeps its value at the point.

# %%
for method in ("reverse", "forward", "symbolic", "central-difference", "complex-step"):
    found = dc.gradient(detached, method=method)(x)
    print(f"{method:20} {found}")
    # central: round-off of values near 484, EPS**(2/3) of them over steps near 1e-5
    assert np.allclose(found, [0.0, 176.0, 352.0, 528.0], rtol=0, atol=1e-5 if "difference" in method else 1e-12)

# %% [markdown]
# `with dc.no_gradient():` detaches everything that is computed inside the block, as the lectures' `no_grad`.


# %%
def in_a_block(x):
    with dc.no_gradient():
        a = np.sum(x)
    return (2 * np.dot(x, x) - a) ** 2


assert dc.gradient(in_a_block)(x).tolist() == [0.0, 176.0, 352.0, 528.0]
dc.gradient(in_a_block)(x)

# %% [markdown]
# ## A trick: straight through
#
# Rounding has the derivative 0 wherever it has one, so nothing can be learned through it. The *straight-through
# estimator* (Bengio, Léonard and Courville 2013, arXiv:1308.3432) uses the rounded value and pretends, going back,
# that nothing was rounded: $x + \mathrm{stop}(\mathrm{round}(x) - x)$.


# %%
def straight_through(x):
    return x + dc.stop_gradient(np.rint(x) - x)


points = np.array([0.2, 1.7, -0.6])
print("values", straight_through(points), " derivatives", dc.derivative(straight_through)(points))
assert straight_through(points).tolist() == [0.0, 2.0, -1.0]
assert dc.derivative(np.rint)(points).tolist() == [0.0, 0.0, 0.0]
assert dc.derivative(straight_through)(points).tolist() == [1.0, 1.0, 1.0]

# %% [markdown]
# ## Exercises
#
# Replace the dots, run the cell, and read what the checker says. The last cell holds the solutions.
#
# **1.** The subdifferential of $f(x) = |x| + \max(0, 2x)$ at 0: its smallest and its largest slope.

# %%
smallest_1, largest_1 = ..., ...


def check_1(smallest, largest):
    if smallest is ... or largest is ...:
        return "1: replace the dots by two numbers."
    left, right = (
        dc.gradient(lambda x: np.abs(x) + np.maximum(0.0, 2 * x), method=f"{side}-difference")(0.0)
        for side in ("backward", "forward")
    )
    if not np.allclose([smallest, largest], [left, right]):
        return "1: not yet. Take the slope just left of 0, and the slope just right of it."
    return "1: right."


check_1(smallest_1, largest_1)

# %% [markdown]
# **2.** A function `safe_2(x)` with the value $\sqrt{|x|}\,$ for $x \ne 0$ and 0 at 0, whose derivative by this
# library at 0 is 0, not nan or infinite.

# %%
safe_2 = ...


def check_2(safe):
    if safe is ...:
        return "2: replace the dots by a function."
    if not np.allclose([safe(-4.0), safe(0.0), safe(9.0)], [2.0, 0.0, 3.0]):
        return "2: its values at -4, 0 and 9 should be 2, 0 and 3."
    with np.errstate(all="ignore"):
        slope = dc.gradient(safe)(0.0)
    if slope != 0.0:
        return f"2: the derivative at 0 is {slope}. Choose a constant there, with np.where."
    return "2: right."


check_2(safe_2)

# %% [markdown]
# **3.** In $f(x) = x \cdot \mathrm{stop}(x)$, what is the derivative by this library at $x = 5$? And of
# $x \cdot \mathrm{stop}(x) + \frac12 \mathrm{stop}(x)^2$?

# %%
first_3, second_3 = ..., ...


def check_3(first, second):
    if first is ... or second is ...:
        return "3: replace the dots by two numbers."
    one = dc.gradient(lambda x: x * dc.stop_gradient(x))(5.0)
    two = dc.gradient(lambda x: x * dc.stop_gradient(x) + 0.5 * dc.stop_gradient(x) ** 2)(5.0)
    if not np.allclose([first, second], [one, two]):
        return "3: not yet. Put the number 5 in the place of stop(x), then differentiate."
    return "3: right."


check_3(first_3, second_3)

# %% [markdown]
# Solutions, and what the checker says to some wrong answers:


# %% jupyter={"source_hidden": true} tags=["solution"]
def solution_2(x):
    return np.where(x == 0.0, 0.0, np.sqrt(np.abs(x)))


print(check_1(-1.0, 3.0))
print(check_2(solution_2))
print(check_3(5.0, 5.0))
assert check_1(-1.0, 3.0).startswith("1: right")
assert check_2(solution_2).startswith("2: right")
assert check_3(5.0, 5.0).startswith("3: right")
assert "just left" in check_1(0.0, 3.0) and "derivative at 0" in check_2(lambda x: np.sqrt(np.abs(x)))
assert "number 5" in check_3(10.0, 5.0)
