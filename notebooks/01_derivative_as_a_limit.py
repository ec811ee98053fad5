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
# # 01 · The derivative as a limit
#
# You will learn
#
# - what the number $f'(x)$ is: the limit of difference quotients, and the slope of the tangent;
# - how fast forward and central quotients approach it, and how to read that from a table and from a picture;
# - the rules by which derivatives of formulas are found without any limit, each tested by a machine;
# - what a partial derivative says about one input, and the gradient about all of them together.

# %%
import matplotlib.pyplot as plt
import numpy as np

import diffcompare as dc

# %config InlineBackend.figure_formats = ["retina"]

# %% [markdown]
# ## A table of quotients
#
# The derivative of $f$ at $x$ is
#
# $$f'(x) = \lim_{h \to 0} \frac{f(x + h) - f(x)}{h},$$
#
# if the limit exists. Take $f(x) = 3x^2 - 4x$ at $x = 1$ and let $h$ become small.


# %%
@dc.function
def f(x):
    return 3 * x**2 - 4 * x


def forward_quotient(f, x, h):
    return (f(x + h) - f(x)) / h


steps = [0.1, 0.01, 0.001, 0.0001, 1e-05]
quotients = [forward_quotient(f, 1.0, h) for h in steps]
print("     h    quotient")
for h, quotient in zip(steps, quotients, strict=True):
    print(f"{h:7.5f}   {quotient:.5f}")

assert f(1.0) == -1.0
assert [f"{quotient:.5f}" for quotient in quotients] == ["2.30000", "2.03000", "2.00300", "2.00030", "2.00003"]

# %% [markdown]
# The quotients go to 2. With algebra one sees why, and how fast:
#
# $$\frac{f(1 + h) - f(1)}{h} = \frac{3(1 + h)^2 - 4(1 + h) + 1}{h} = 2 + 3h .$$
#
# In exact arithmetic the table would read 2.3, 2.03, 2.003, 2.0003, 2.00003. Floating-point numbers are rounded, so
# the computer's quotients differ from these a little, and by more and more as $h$ shrinks. Notebook 02 is about
# that.

# %%
exact_quotients = [2.3, 2.03, 2.003, 2.0003, 2.00003]
assert np.allclose([2 + 3 * h for h in steps], exact_quotients, rtol=1e-15)
in_float64 = [2.3000000000000043, 2.0299999999999763, 2.002999999999311, 2.0002999999979565, 2.0000300000155846]
assert quotients == in_float64

print("     h      what rounding does to the quotient")
for h, quotient, exact in zip(steps, quotients, exact_quotients, strict=True):
    print(f"{h:7.5f}     {quotient - exact:+.1e}")

# %% [markdown]
# ## One step back, one step forward
#
# The **central** quotient takes the two neighbours of $x$:
#
# $$\frac{f(x + h) - f(x - h)}{2h} = f'(x) + \frac{h^2}{6} f'''(x) + \cdots$$
#
# A parabola has $f''' = 0$, so here the central quotient is exactly 2 for every $h$, up to rounding. For other
# functions its error falls with $h^2$: ten times smaller a step, a hundred times smaller an error.


# %%
def central_quotient(f, x, h):
    return (f(x + h) - f(x - h)) / (2 * h)


central = [central_quotient(f, 1.0, h) for h in steps]
assert np.allclose(central, [2.0, 2.0, 2.0, 2.0, 2.0], rtol=1e-11)
assert central == [2.0000000000000018, 2.0000000000000018, 1.9999999999995577, 1.9999999999975593, 1.9999999999908977]

print("derivative of sin at 1:    cos(1) =", np.cos(1.0))
print("     h     error of forward    error of central")
for h in steps[:4]:
    errors = [quotient(np.sin, 1.0, h) - np.cos(1.0) for quotient in (forward_quotient, central_quotient)]
    print(f"{h:7.4f}     {errors[0]:+.2e}           {errors[1]:+.2e}")
    assert np.isclose(errors[0], -np.sin(1.0) * h / 2, rtol=h)  # h f''/2
    assert np.isclose(errors[1], -np.cos(1.0) * h**2 / 6, rtol=0.01)  # h^2 f'''/6

# %% [markdown]
# ## Secants become the tangent
#
# Geometrically the quotient is the slope of the line through two points of the curve, the *secant*. As the second
# point moves towards the first, the secant turns into the **tangent**
#
# $$y = f(1) + f'(1)\,(x - 1) = -1 + 2\,(x - 1) = 2x - 3 .$$

# %%
slope = dc.derivative(f)(1.0)  # not by a limit, but by rules: see below
assert slope == 2.0

x = np.linspace(0.0, 2.6, 200)
figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.4), layout="constrained")
left.plot(x, f(x), color="black", linewidth=2, label="$f(x) = 3x^2 - 4x$")
for h, colour in ((1.2, "#9ecae1"), (0.8, "#6baed6"), (0.4, "#3182bd")):
    secant = f(1.0) + forward_quotient(f, 1.0, h) * (x - 1.0)
    left.plot(x, secant, color=colour, label=f"secant, h = {h}: slope {forward_quotient(f, 1.0, h):.1f}")
    left.plot(1.0 + h, f(1.0 + h), "o", color=colour)
left.plot(x, 2 * x - 3, color="#d7301f", linewidth=2, label="tangent: slope 2")
left.plot(1.0, f(1.0), "o", color="black")
left.set(xlim=(0, 2.6), ylim=(-3.5, 8), xlabel="$x$", title="Secants turn into the tangent")
left.legend(fontsize=9)

h = 10.0 ** -np.arange(0.0, 5.01, 0.25)
for name, quotient, marker in (("forward", forward_quotient, "o"), ("central", central_quotient, "s")):
    right.loglog(h, np.abs(quotient(np.sin, 1.0, h) - np.cos(1.0)), marker, markersize=5, label=name)
right.loglog(h, np.sin(1.0) / 2 * h, "--", color="0.5", label=r"$\frac{1}{2} |f''(1)|\, h$")
right.loglog(h, np.cos(1.0) / 6 * h**2, ":", color="0.5", label=r"$\frac{1}{6} |f'''(1)|\, h^2$")
right.set(xlabel="step $h$", ylabel="error of the quotient", title=r"$\sin$ at 1: slope 1 and slope 2")
right.grid(color="0.92")
right.legend()
plt.show()

# %% [markdown]
# ## Rules instead of limits
#
# Nobody takes limits by hand for long. A few derivatives and four rules give all others:
#
# | function | derivative | | rule | |
# | --- | --- | --- | --- | --- |
# | $C$ | $0$ | | constant multiple | $(C f)' = C f'$ |
# | $x^n$ | $n x^{n-1}$ | | sum | $(f + g)' = f' + g'$ |
# | $e^x$ | $e^x$ | | product | $(f g)' = f' g + f g'$ |
# | $\ln x$ | $1/x$ | | quotient | $(f / g)' = (f' g - f g') / g^2$ |
# | $\sin x$, $\cos x$ | $\cos x$, $-\sin x$ | | chain | $f(g(x))' = f'(g(x))\, g'(x)$ |
#
# `dc.derivative` applies these rules; the next cell holds each line of the table against it at 50 points.

# %%
points = np.linspace(0.3, 2.8, 50)
derivatives = {
    "x^5": (lambda x: x**5, lambda x: 5 * x**4),
    "exp": (np.exp, np.exp),
    "log": (np.log, lambda x: 1 / x),
    "sin": (np.sin, np.cos),
    "cos": (np.cos, lambda x: -np.sin(x)),
}
for name, (function, by_hand) in derivatives.items():
    assert np.allclose(dc.derivative(function)(points), by_hand(points), rtol=1e-14), name

f1, g1 = np.exp, np.sin
df, dg = dc.derivative(f1)(points), dc.derivative(g1)(points)
rules = {
    "multiple": (lambda x: 7 * f1(x), 7 * df),
    "sum": (lambda x: f1(x) + g1(x), df + dg),
    "product": (lambda x: f1(x) * g1(x), df * g1(points) + f1(points) * dg),
    "quotient": (lambda x: f1(x) / g1(x), (df * g1(points) - f1(points) * dg) / g1(points) ** 2),
    "chain": (lambda x: f1(g1(x)), dc.derivative(f1)(g1(points)) * dg),
}
for name, (function, by_rule) in rules.items():
    assert np.allclose(dc.derivative(function)(points), by_rule, rtol=1e-12, atol=1e-13), name
print(f"{len(derivatives)} derivatives and {len(rules)} rules hold at {len(points)} points.")

# %% [markdown]
# The same rules are applied to a whole formula by SymPy, which returns a formula:

# %%
f.to_sympy().diff()

# %% [markdown]
# ## Several inputs: partial derivatives
#
# With more than one input, move one and hold the others: $\partial f / \partial x$ is the derivative in $x$ alone.
#
# $$\begin{aligned}
# f(x, y) &= x\,y: & \frac{\partial f}{\partial x} &= y, & \frac{\partial f}{\partial y} &= x \\
# f(x, y) &= x + y: & \frac{\partial f}{\partial x} &= 1, & \frac{\partial f}{\partial y} &= 1 \\
# f(x, y) &= \max(x, y): & \frac{\partial f}{\partial x} &= 1 \text{ if } x > y, \text{ else } 0, &
# \frac{\partial f}{\partial y} &= 1 \text{ if } y > x, \text{ else } 0
# \end{aligned}$$
#
# A derivative is a **sensitivity**: at $x = 4$, $y = -3$ the product is $-12$, and $\partial f/\partial x = -3$
# says that raising $x$ by a little $h$ lowers the product by $3h$.


# %%
def product(x, y):
    return x * y


by_x, by_y = dc.gradient(product)(4.0, -3.0)
assert (product(4.0, -3.0), by_x, by_y) == (-12.0, -3.0, 4.0)
assert dc.gradient(lambda x, y: x + y)(4.0, -3.0) == (1.0, 1.0)
assert dc.gradient(lambda x, y: np.maximum(x, y))(4.0, 2.0) == (1.0, 0.0)

h = 0.001
changes = (product(4.0 + h, -3.0) + 12.0, product(4.0, -3.0 + h) + 12.0)
for name, change, slope in zip("xy", changes, (by_x, by_y), strict=True):
    print(f"{name} grows by {h}: the product changes by {change:+.4f}, predicted {slope * h:+.4f}")

# %% [markdown]
# ## The gradient points uphill
#
# All partial derivatives together are the **gradient** $\nabla f$. Along a direction $d$ of length 1 the function
# grows at the rate $\nabla f \cdot d$. That is largest where $d$ points along the gradient: steepest ascent, at
# right angles to the contour lines.


# %%
def hills(x, y):
    return np.sin(x) * np.cos(y) + 0.1 * x


at = (0.4, 0.8)
gradient = np.array(dc.gradient(hills)(*at))
angles = np.linspace(0.0, 2 * np.pi, 361)
rates = [dc.jvp(hills, at, (np.cos(a), np.sin(a)))[1] for a in angles]
steepest = angles[np.argmax(rates)]
assert np.isclose(max(rates), np.linalg.norm(gradient), rtol=1e-4)  # angles one degree apart
assert abs(steepest % (2 * np.pi) - np.arctan2(gradient[1], gradient[0]) % (2 * np.pi)) <= np.radians(1.0)

x, y = np.meshgrid(np.linspace(-2.2, 2.2, 120), np.linspace(-2.0, 2.0, 120))
figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.4), layout="constrained")
left.contour(x, y, hills(x, y), levels=16, cmap="viridis", linewidths=1)
arrows = np.meshgrid(np.linspace(-2, 2, 9), np.linspace(-1.8, 1.8, 8))
by_x, by_y = (dc.gradient(lambda x, y: np.sum(hills(x, y)), wrt=i)(*arrows) for i in (0, 1))
left.quiver(*arrows, by_x, by_y, color="0.35", width=0.004)
left.quiver(*at, *gradient, color="#d7301f", width=0.008, scale=5, zorder=3)
left.plot(*at, "o", color="#d7301f")
left.set(xlabel="$x$", ylabel="$y$", title="Gradients cross the contour lines at right angles", aspect="equal")
right.plot(np.degrees(angles), rates, color="#3182bd", label=r"rate along the direction, $\nabla f \cdot d$")
right.axhline(np.linalg.norm(gradient), color="0.5", linestyle="--", label=r"length of the gradient, $\|\nabla f\|$")
right.axvline(np.degrees(steepest), color="#d7301f", linestyle=":", label="direction of the gradient")
right.axhline(0.0, color="0.8", linewidth=0.8)
right.set(xlabel="direction [degrees]", title="Growth at the red point, by direction", ylim=(-0.95, 1.3))
right.set_xticks(range(0, 361, 45))
right.legend(loc="upper left", fontsize=9)
plt.show()

# %% [markdown]
# ## Exercises
#
# Replace the dots, run the cell, and read what the checker says. The last cell holds the solutions.
#
# **1.** The slope of $y = x^3 - 1/x$ at $x = 1$, and the point where its tangent there crosses the $y$-axis.

# %%
slope_1 = ...
intercept_1 = ...


def check_1(slope, intercept):
    if slope is ... or intercept is ...:
        return "1: replace the dots by two numbers."
    if not np.isclose(slope, dc.derivative(lambda x: x**3 - 1 / x)(1.0)):
        return "1: the slope is not right. The derivative of -1/x is +1/x**2."
    if not np.isclose(intercept, -slope):
        return "1: the slope is right. The tangent is y = f(1) + slope * (x - 1); put in x = 0."
    return "1: right. The tangent is y = 4x - 4."


check_1(slope_1, intercept_1)

# %% [markdown]
# **2.** The gradient of $f(x) = 3x_1^2 + 5e^{x_2}$ as a Python function of an array `x` of two entries.

# %%
gradient_2 = ...


def check_2(gradient):
    if gradient is ...:
        return "2: replace the dots by a function, as `lambda x: np.array([..., ...])`."
    check = dc.check_gradient(lambda x: 3 * x[0] ** 2 + 5 * np.exp(x[1]), gradient, at=np.array([0.7, -0.4]))
    if check.verdict == "correct":
        return "2: right."
    return f"2: not yet: {check.likely_fault or check.verdict}; worst entry {check.worst.name}."


check_2(gradient_2)

# %% [markdown]
# **3.** How small must $h$ be for the forward quotient of $f(x) = 3x^2 - 4x$ at 1 to be wrong by $6 \cdot 10^{-4}$,
# in exact arithmetic? And by how much is the quotient wrong if you take half of that step?

# %%
step_3 = ...
error_3 = ...


def check_3(step, error):
    if step is ... or error is ...:
        return "3: replace the dots by two numbers."
    if not np.isclose(step, 2e-4):
        return "3: the quotient is 2 + 3h, so its error is 3h."
    if not np.isclose(error, 3e-4):
        return "3: the step is right. The error is proportional to the step: half a step, half an error."
    return "3: right: the forward quotient is of first order."


check_3(step_3, error_3)

# %% [markdown]
# Solutions, and what the checker says to some wrong answers:

# %% jupyter={"source_hidden": true} tags=["solution"]
print(check_1(4.0, -4.0))
print(check_2(lambda x: np.array([6 * x[0], 5 * np.exp(x[1])])))
print(check_3(2e-4, 3e-4))
assert check_1(4.0, -4.0).startswith("1: right")
assert check_2(lambda x: np.array([6 * x[0], 5 * np.exp(x[1])])).startswith("2: right")
assert check_3(2e-4, 3e-4).startswith("3: right")
assert "-1/x" in check_1(2.0, -2.0) and "x = 0" in check_1(4.0, 0.0)
assert "x[0]" in check_2(lambda x: np.array([3 * x[0], 5 * np.exp(x[1])]))
assert "3h" in check_3(6e-4, 1.0) and "half" in check_3(2e-4, 6e-4)
