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
# # 06 · Gradient checking, and how checkers are fooled
#
# You will learn
#
# - to compute a gradient numerically, one dimension at a time, and to hold a derivation by hand against it;
# - why a fixed tolerance is a poor judge, and what a better one looks at: how the error shrinks with the step;
# - six ways in which a simple checker is fooled, by saying "wrong" to a right gradient or "right" to a wrong one;
# - to name the bug from the pattern of the error, and to put gradient checks into a test suite.

# %%
import matplotlib.pyplot as plt
import numpy as np

import diffcompare as dc

# %config InlineBackend.figure_formats = ["retina"]
generator = np.random.default_rng(1)

# %% [markdown]
# ## A loss and its gradient by hand
#
# Logistic regression with a regulariser: examples $x_i$ are the rows of $X$, labels are $t_i = \pm 1$,
#
# $$L(w) = \sum_i \log\bigl(1 + e^{-t_i\, x_i \cdot w}\bigr) + \frac{\lambda}{2} \|w\|^2, \qquad
# \nabla L = -\sum_i \sigma(-t_i\, x_i \cdot w)\; t_i x_i + \lambda w .$$

# %%
X, t = generator.normal(size=(20, 5)), np.where(generator.random(20) < 0.5, -1.0, 1.0)
w = generator.normal(size=5)
strength = 0.1


def loss(w):
    return np.sum(np.log1p(np.exp(-t * (X @ w)))) + strength / 2 * np.sum(w**2)


def gradient(w):
    return -X.T @ (t / (1 + np.exp(t * (X @ w)))) + strength * w


# %% [markdown]
# ## The numerical gradient, one dimension at a time
#
# Move one entry, leave the others, take the central quotient. And compare by the *relative* error, for an absolute
# difference of $10^{-4}$ says little before one knows the size of the gradient:
#
# $$\frac{|g_\text{hand} - g_\text{numerical}|}{\max(|g_\text{hand}|, |g_\text{numerical}|)} .$$


# %%
def numerical_gradient(f, x, h=1e-5):
    found = np.zeros_like(x)
    for i in range(x.size):
        step = np.zeros_like(x)
        step.flat[i] = h
        found.flat[i] = (f(x + step) - f(x - step)) / (2 * h)
    return found


def relative_error(a, b):
    return np.max(np.abs(a - b) / np.maximum(np.maximum(np.abs(a), np.abs(b)), 1e-300))


error = relative_error(gradient(w), numerical_gradient(loss, w))
print(f"largest relative error of an entry: {error:.1e}")
assert error < 1e-7

# %% [markdown]
# The rule of thumb of the lectures, for double precision: above $10^{-2}$ the gradient is probably wrong; between
# $10^{-2}$ and $10^{-4}$ be uneasy; $10^{-4}$ may be all one can have where there are kinks; $10^{-7}$ and less is
# good.
#
# ## Look at the rate, not at a number
#
# Rules of thumb need a step, a tolerance and luck. A better question: **how does the difference shrink with $h$?**
# If the claimed gradient is right, what is left is truncation, which falls as $h^2$ until noise covers it. If it is
# wrong, the difference stops at the size of the mistake, whatever $h$ does. `dc.check_gradient` follows the
# difference over a ladder of steps along random directions, measures the noise, and decides by that.


# %%
def forgot_regulariser(w):
    return -X.T @ (t / (1 + np.exp(t * (X @ w))))


right = dc.check_gradient(loss, gradient, at=w)
wrong = dc.check_gradient(loss, forgot_regulariser, at=w)

figure, axes = plt.subplots(1, 2, figsize=(13, 5), sharey=True, layout="constrained")
right.plot(axes[0])
wrong.plot(axes[1])
plt.show()

assert right.verdict == "correct" and abs(right.rate - 2) < 0.2
assert wrong.verdict == "wrong" and abs(wrong.rate) < 0.2

# %%
wrong

# %% [markdown]
# ## The pattern of the error names the bug
#
# The same loss with the mistakes that people make. The checker sees values of the loss and the claimed numbers
# only.

# %%
bugs = {
    "sign": lambda w: -gradient(w),
    "factor 2": lambda w: 2 * gradient(w),
    "mean for sum": lambda w: gradient(w) / 5,
    "one entry off by 1 %": lambda w: gradient(w) * np.array([1, 1, 1.01, 1, 1]),
    "off by one": lambda w: np.roll(gradient(w), 1),
    "entry dropped": lambda w: np.where(np.arange(5) == 3, 0.0, gradient(w)),
    "two swapped": lambda w: gradient(w)[[1, 0, 2, 3, 4]],
    "single precision": lambda w: gradient(w).astype(np.float32).astype(np.float64),
}
for name, claim in bugs.items():
    check = dc.check_gradient(loss, claim, at=w)
    assert check.verdict == "wrong", name
    print(f"{name:21} {check.likely_fault}")

# %% [markdown]
# ## Fooled, 1: rounding accuses the innocent
#
# A step far too small, or values in single precision, make the difference quotient wrong. A checker with a fixed
# tolerance blames the gradient.

# %%
for name, f, h in (
    ("step 1e-5", loss, 1e-5),
    ("step 1e-12", loss, 1e-12),
    ("step 1e-5, float32", lambda w: float(np.float32(loss(w))), 1e-5),
):
    error = relative_error(gradient(w), numerical_gradient(f, w, h))
    print(f"{name:20} relative error {error:.1e}   {'passes' if error < 1e-4 else 'FAILS, and the gradient is right'}")

assert relative_error(gradient(w), numerical_gradient(loss, w, 1e-12)) > 1e-4
check = dc.check_gradient(lambda w: float(np.float32(loss(w))), gradient, at=w, rtol=1e-2)
assert check.verdict == "correct"
print(f"check_gradient, float32: {check.verdict}; it measured the noise of f, {check.noise:.0e}")

# %% [markdown]
# ## Fooled, 2: one number for a whole gradient
#
# If entries have different sizes, the norm of the difference sees the largest only. Here one entry is wrong by 10
# %, and the relative error of the whole is $10^{-9}$:

# %%
sizes = np.array([1e4, 1.0, 1e-4])


def scaled(x):
    return np.sum(sizes * np.sin(x))


def scaled_wrong(x):
    return sizes * np.cos(x) * np.array([1.0, 1.0, 1.1])


x = np.array([0.3, 0.5, 0.7])
by_norm = np.linalg.norm(scaled_wrong(x) - sizes * np.cos(x)) / np.linalg.norm(sizes * np.cos(x))
print(f"relative error of the norm: {by_norm:.0e}, so a checker by the norm is content")
assert by_norm < 1e-8

check = dc.check_gradient(scaled, scaled_wrong, at=x)
assert check.verdict == "wrong" and check.worst.name == "x[2]"
print(f"check_gradient: {check.verdict}, {check.worst.name}: {check.likely_fault}")

# %% [markdown]
# ## Fooled, 3: the regulariser drowns the data
#
# With a strong regulariser the gradient is nearly $\lambda w$, and a mistake in the data's part, here its *sign*,
# is a small error of the sum. Switch the regulariser off for the check, or use a checker that sees small errors.

# %%
strong, weak = 50.0, 1e-3


def drowned(w):
    return weak * np.sum(np.tanh(X @ w)) + strong * np.sum(w**2)


def drowned_wrong(w):
    return -weak * X.T @ (1 - np.tanh(X @ w) ** 2) + 2 * strong * w  # the sign of the first term


by_quotients = numerical_gradient(drowned, w)
by_norm = np.linalg.norm(drowned_wrong(w) - by_quotients) / np.linalg.norm(by_quotients)
print(f"relative error of the norm: {by_norm:.0e}")
check = dc.check_gradient(drowned, drowned_wrong, at=w)
print(f"check_gradient: {check.verdict}; it would have noticed an error of {check.resolution:.0e}")
assert by_norm < 1e-4 and check.verdict == "wrong"

# %% [markdown]
# ## Fooled, 4: kinks
#
# $\max(0, x)$ has the derivative 0 on the left and 1 on the right. If $x = 10^{-6}$ and $h = 10^{-5}$, the central
# quotient steps over the kink and answers 0.55. At the kink itself there is no derivative, and a checker should say
# that.


# %%
def relu_sum(x):
    return np.sum(np.maximum(x, 0.0))


at_margin = np.array([1e-6, -1.0, 2.0])
quotient = numerical_gradient(relu_sum, at_margin)
print("central quotients with h = 1e-5:", quotient)
assert np.isclose(quotient[0], 0.55)

for first in (1e-6, 0.0):
    point = np.array([first, -1.0, 2.0])
    check = dc.check_gradient(relu_sum, lambda x: (x > 0) * 1.0, at=point)
    print(f"x[0] = {first}: {check.verdict}")
    assert check.verdict == ("kink" if first == 0.0 else "correct")
check.plot()

# %% [markdown]
# ## Fooled, 5: points where wrong rules are right
#
# A rule can be wrong and give the right number at one point. The derivative of $y = \tanh x$ is $1 - y^2$; the
# mistake $1 - y$ is the same where $y = 0$ or 1. No checker can see that at $x = 0$, where networks are often
# initialised: check at random points, and after some steps of training too.

# %%
for point in (np.zeros(3), generator.normal(size=3)):
    check = dc.check_gradient(lambda x: np.sum(np.tanh(x)), lambda x: 1 - np.tanh(x), at=point)
    print(f"at {np.array2string(point, precision=2)}: {check.verdict}")
assert check.verdict == "wrong"  # at the second one

# %% [markdown]
# ## Fooled, 6: functions that roll dice
#
# With dropout or random augmentation, two calls differ because of the dice, and no quotient means anything. Fix the
# seed for the check, inside the function.


# %%
dice = np.random.default_rng(3)


def with_dropout(w, dice):
    return np.sum((w * (dice.random(5) < 0.8)) ** 2)


def dropout_gradient(w):
    return 2 * w * (np.random.default_rng(7).random(5) < 0.8)


rolling = dc.check_gradient(lambda w: with_dropout(w, dice), dropout_gradient, at=w)
fixed = dc.check_gradient(lambda w: with_dropout(w, np.random.default_rng(7)), dropout_gradient, at=w)
print("dice:", rolling.verdict, "|", *rolling.notes)
print("seed fixed:", fixed.verdict)
assert rolling.verdict != "correct" and fixed.verdict == "correct"

# %% [markdown]
# ## In a test suite
#
# `diffcompare.testing` has the same checks as assertions; the message is the report. There are checks of Hessians
# and of products with the Jacobian too (`assert_hessian`, `assert_jvp`, `assert_vjp`), and claims may come from
# PyTorch or JAX.

# %%
from diffcompare.testing import assert_gradient

assert_gradient(loss, gradient, at=w)
try:
    assert_gradient(loss, lambda w: 1.001 * gradient(w), at=w)
except AssertionError as error:
    print(error)
    assert "1.001 times" in str(error)
else:
    raise AssertionError("an error of 0.1 % must be seen")

# %% [markdown]
# ## Exercises
#
# **1.** The gradient below has one bug. Find it with `dc.check_gradient`, and repair the function.


# %%
def softmax_loss(s):
    return np.log(np.sum(np.exp(s))) - s[2]  # cross-entropy of class 2


def gradient_1(s):
    p = np.exp(s) / np.sum(np.exp(s))
    p[1] -= 1.0
    return p


def check_1(gradient):
    check = dc.check_gradient(softmax_loss, gradient, at=np.array([0.2, -1.0, 0.7, 1.3]))
    if check.verdict == "correct":
        return "1: right: the class is 2, and only its entry loses 1."
    entries = ", ".join(
        f"{entry.name} (claimed {entry.claimed:.3f}, is {entry.estimated:.3f})" for entry in check.entries
    )
    return f"1: still wrong in {entries}."


check_1(gradient_1)

# %% [markdown]
# **2.** A loss in float32 ($\varepsilon \approx 6 \cdot 10^{-8}$) is to be checked by central quotients. Which of
# the steps $10^{-8}, 10^{-5}, 10^{-2}$ leaves the least error, if everything is of size 1?

# %%
step_2 = ...


def check_2(step):
    if step is ...:
        return "2: replace the dots by one of 1e-8, 1e-5, 1e-2."
    round_off, truncation = 6e-8 / step, step**2 / 6
    said = f"round-off about {round_off:.0e}, truncation about {truncation:.0e}"
    return f"2: right: {said}." if step == 1e-2 else f"2: not the best: {said}."


check_2(step_2)

# %% [markdown]
# **3.** Write a *wrong* gradient of $f(x) = \sum_i x_i^2$ that passes at $x = (1, 1, 1)$ and fails elsewhere.

# %%
fooling_3 = ...  # lambda x: ...


def check_3(fooling):
    if fooling is ...:
        return "3: replace the dots by a function of x."
    verdicts = [
        dc.check_gradient(lambda x: np.sum(x**2), fooling, at=p).verdict for p in (np.ones(3), np.arange(2.0, 5.0))
    ]
    if verdicts[0] != "correct":
        return "3: at (1, 1, 1) it is found out; the gradient there is (2, 2, 2)."
    return (
        "3: it is right elsewhere too."
        if verdicts[1] == "correct"
        else "3: right, that is, wrong: never check at one point."
    )


check_3(fooling_3)

# %% [markdown]
# Solutions, and what the checker says to some wrong answers:


# %% jupyter={"source_hidden": true} tags=["solution"]
def solution_1(s):
    p = np.exp(s) / np.sum(np.exp(s))
    p[2] -= 1.0
    return p


print(check_1(solution_1), check_2(1e-2), check_3(lambda x: x + 1), sep="\n")
assert all(": right" in said for said in (check_1(solution_1), check_2(1e-2), check_3(lambda x: x + 1)))
assert "s[1]" in check_1(gradient_1) and "s[2]" in check_1(gradient_1) and "not the best" in check_2(1e-5)
assert "found out" in check_3(lambda x: x) and "elsewhere too" in check_3(lambda x: 2 * x)
