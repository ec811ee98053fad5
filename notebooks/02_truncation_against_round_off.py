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
# # 02 · Truncation against round-off
#
# You will learn
#
# - why a smaller step does not always give a better derivative: the two errors, and the V that they draw;
# - to predict the best step and the error it leaves, for forward and central differences, before running anything;
# - what single precision (float32) costs;
# - why the complex step has only one branch of the V, and its limits.

# %%
import matplotlib.pyplot as plt
import numpy as np

import diffcompare as dc

# %config InlineBackend.figure_formats = ["retina"]

# %% [markdown]
# ## Digits that vanish
#
# The limit of notebook 01 asks for ever smaller $h$. Watch what the computer does with it, for $f(x) = e^x \sin x$
# at $x = 1$. The numerator subtracts two numbers that agree in more and more digits; what they share is lost, and
# what remains is rounding.


# %%
def f(x):
    return np.exp(x) * np.sin(x)


x = 1.0
exact = dc.derivative(f)(x)
assert np.isclose(exact, np.e * (np.sin(1.0) + np.cos(1.0)), rtol=1e-15)

print("     h   f(x + h)              f(x)                  quotient          right digits")
for k in (1, 4, 8, 12, 15, 17):
    h = 10.0**-k
    quotient = (f(x + h) - f(x)) / h
    digits = max(0, int(-np.log10(abs(quotient / exact - 1)))) if quotient else 0
    print(f"{h:6.0e}   {f(x + h):.16f}    {f(x):.16f}    {quotient:.12f}         {digits}")

assert (f(x + 1e-17) - f(x)) / 1e-17 == 0.0  # 1 + 1e-17 is 1: nothing moved

# %% [markdown]
# ## The V
#
# Two errors add up:
#
# - **truncation**, because $h$ is not 0: about $\tfrac{1}{2} h\,|f''(x)|$ for the forward quotient; it falls with
#   $h$;
# - **round-off**, because values are rounded: each value is wrong by about $\varepsilon |f(x)|$, where $\varepsilon
#   = 2^{-53} \approx 1.1 \cdot 10^{-16}$, and the division by $h$ magnifies that to about $2 \varepsilon |f(x)| /
#   h$; it grows as $h$ falls.
#
# Their sum is least where its derivative in $h$ is 0:
#
# $$E(h) = \frac{h}{2}|f''| + \frac{2\varepsilon |f|}{h}, \qquad h^* = 2 \sqrt{\varepsilon\, |f / f''|},
# \qquad E(h^*) = 2\sqrt{\varepsilon\, |f f''|} .$$
#
# About half of the 16 digits survive, and no step does better.

# %%
unit_round_off = 2.0**-53
second = 2 * np.e * np.cos(1.0)  # f'' = 2 exp(x) cos(x)
third = 2 * np.e * (np.cos(1.0) - np.sin(1.0))

best_forward = 2 * np.sqrt(unit_round_off * f(x) / second)
best_central = (3 * unit_round_off * f(x) / abs(third)) ** (1 / 3)  # where h**2 |f'''| / 6 + eps |f| / h is least
left_forward = 2 * np.sqrt(unit_round_off * f(x) * second)
print(f"forward: best step {best_forward:.1e}, error that remains about {left_forward:.1e}")
print(f"central: best step {best_central:.1e}, error that remains about {best_central**2 * abs(third) / 4:.1e}")

steps = 10.0 ** np.arange(-15.0, 0.01, 0.1)
forward = np.abs((f(x + steps) - f(x)) / steps - exact)
central = np.abs((f(x + steps) - f(x - steps)) / (2 * steps) - exact)

figure, axes = plt.subplots(figsize=(8.5, 5), layout="constrained")
for errors, name, colour in ((forward, "forward", "#3182bd"), (central, "central", "#d7301f")):
    axes.loglog(steps, errors, "o", markersize=3, color=colour, label=f"{name} quotient, measured")
axes.loglog(steps, steps / 2 * second, "--", color="#3182bd", linewidth=1, label=r"truncation, $h |f''| / 2$")
axes.loglog(steps, steps**2 / 6 * abs(third), "--", color="#d7301f", linewidth=1, label=r"truncation, $h^2 |f'''| / 6$")
axes.loglog(steps, unit_round_off * f(x) / steps, ":", color="0.3", label=r"round-off, $\varepsilon |f| / h$")
for best, colour in ((best_forward, "#3182bd"), (best_central, "#d7301f")):
    axes.axvline(best, color=colour, linewidth=0.8, alpha=0.6)
axes.set(
    xlabel="step $h$", ylabel="absolute error", ylim=(1e-15, 10), title=r"$(e^x \sin x)'$ at 1: two errors, two V's"
)
axes.legend(fontsize=9, loc="lower right")
axes.grid(color="0.93")
plt.show()

# %% [markdown]
# The predictions hold: near the predicted step the measured errors are of the predicted size (single points
# scatter, for rounding errors can cancel by luck), and far from it they are hundreds of times larger.

# %%
near = np.abs(np.log10(steps / best_forward)) < 0.3
assert np.median(forward[near]) < 3 * left_forward
assert np.all(forward[np.abs(np.log10(steps / best_forward)) > 4] > 100 * left_forward)
near = np.abs(np.log10(steps / best_central)) < 0.3
assert np.median(central[near]) < 3 * best_central**2 * abs(third) / 4
assert np.median(central[near]) < 1e-2 * np.min(forward[steps > 1e-4])

# %% [markdown]
# ## All formulas at once, against a certified derivative
#
# `dc.sweep_steps` draws the V of every formula. Errors are measured against a derivative that ball arithmetic
# certifies, the dashed lines are predictions from higher derivatives and from the measured noise of $f$, the stars
# are the predicted optima, and the labels on top mark the default steps of well-known libraries.
#
# Higher orders start from larger steps and lose fewer digits. In **float32**, with $\varepsilon = 2^{-24} \approx 6
# \cdot 10^{-8}$, the same V sits higher and further to the right: a step that is perfect in float64 is useless
# there.

# %%
methods = ["forward-difference", "central-difference", "central-difference-4", "complex-step"]
sweep = dc.sweep_steps("exp(x) * sin(x)", at=1.0, methods=methods)
sweep.plot()

# %%
print(f"{'method':22}{'type':9}{'best step':>11}{'its error':>11}{'predicted step':>16}{'slope right':>13}{'left':>7}")
for row in sweep.summaries:
    right, left = ("" if row[key] is None else f"{row[key]:.2f}" for key in ("slope_right", "slope_left"))
    print(
        f"{row['method']:22}{row['dtype']:9}{row['best_step']:11.1e}{row['best_error']:11.1e}"
        f"{row['predicted_step']:16.1e}{right:>13}{left:>7}"
    )

rows = {(row["method"], row["dtype"]): row for row in sweep.summaries}
for method, order in (("forward-difference", 1), ("central-difference", 2), ("central-difference-4", 4)):
    assert abs(rows[method, "float64"]["slope_right"] - order) < 0.2  # the right branch falls with the order
    assert abs(rows[method, "float64"]["slope_left"] + 1) < 0.25  # the left one rises as 1 / h
    assert rows[method, "float32"]["best_error"] > 100 * rows[method, "float64"]["best_error"]

# %% [markdown]
# ## The step that is really taken
#
# $x + h$ is rounded too. The distance between $x$ and the rounded $x + h$ is another number than $h$, and dividing
# by the wrong one costs digits. Dividing by what was taken, `(x + h) - x`, costs nothing:

# %%
at, h = 1.0, 1e-9  # of f(x) = x, whose quotient should be 1 to the last digit
textbook = ((at + h) - at) / h
careful = ((at + h) - at) / ((at + h) - at)
print(f"dividing by h: {textbook!r}       dividing by (x + h) - x: {careful!r}")
assert careful == 1.0 and abs(textbook - 1.0) > 1e-8

# %% [markdown]
# And $h$ must be measured against $x$: neighbours of $10^6$ in float64 lie $10^{-10}$ apart, so a step of
# $10^{-11}$ vanishes.

# %%
assert 1e6 + 1e-11 == 1e6
print(f"neighbours at 1 are {np.spacing(1.0):.1e} apart, at 1e6 {np.spacing(1e6):.1e}; ", end="")
print(f"in float32, at 1, {np.spacing(np.float32(1)):.1e}")

# %% [markdown]
# ## The complex step: no subtraction, no round-off
#
# If $f$ can be computed at complex points, Taylor's formula along the imaginary axis reads
#
# $$f(x + ih) = f(x) + i h f'(x) - \frac{h^2}{2} f''(x) - \frac{i h^3}{6} f'''(x) + \cdots
# \qquad\Longrightarrow\qquad \frac{\operatorname{Im} f(x + i h)}{h} = f'(x) - \frac{h^2}{6} f'''(x) + \cdots$$
#
# Nothing is subtracted, so nothing cancels, and $h$ can be so small that truncation disappears too.

# %%
for h in (1e-2, 1e-4, 1e-8, 1e-20, 1e-200):
    estimate = np.imag(f(x + 1j * h)) / h
    print(f"h = {h:6.0e}   estimate = {estimate:.16f}   error = {abs(estimate - exact):.1e}")
assert abs(np.imag(f(x + 1e-200j)) / 1e-200 - exact) <= 4 * np.spacing(exact)

# %% [markdown]
# It needs a function that is *analytic*: absolute values, maxima and roundings have no complex derivative, and code
# that drops the imaginary part gives silently wrong answers. diffcompare refuses such operations by name.

# %%
kink = dc.compare(np.abs, at=0.7, methods=["complex-step", "central-difference", "reverse"], time=False)
assert kink["complex-step"]["status"] == "skipped"
print(kink["complex-step"]["reason"])

careless = np.imag(np.abs(0.7 + 1e-20j)) / 1e-20  # |z| is a real number: its imaginary part is 0
print("a careless complex step of |x| at 0.7 gives", careless, "instead of 1")
assert careless == 0.0

# %% [markdown]
# ## Exercises
#
# **1.** Minimise $E(h) = \tfrac{h^2}{6}|f'''| + \tfrac{\varepsilon |f|}{h}$: write the best central step as a
# function of $\varepsilon$, $|f|$ and $|f'''|$.

# %%
best_step_1 = ...  # lambda eps, f, third: ...


def check_1(best_step):
    if best_step is ...:
        return "1: replace the dots by a function of eps, f and third."
    h = best_step(1e-16, 2.0, 3.0)
    slope = h / 3 * 3.0 - 1e-16 * 2.0 / h**2  # E'(h)
    if abs(slope) > 1e-6 * h:
        side = "too large" if slope > 0 else "too small"
        return f"1: {h:.1e} is {side}, if |f| = 2 and |f'''| = 3. Set E'(h) = h |f'''| / 3 - eps |f| / h**2 to 0."
    return "1: right: (3 eps |f| / |f'''|)**(1/3)."


check_1(best_step_1)

# %% [markdown]
# **2.** Roughly how many correct digits do the forward and the central quotient have at best in float32
# ($\varepsilon \approx 6 \cdot 10^{-8}$), if $f$, $f''$ and $f'''$ are about 1? Give two whole numbers.

# %%
digits_2 = ...  # (forward, central)


def check_2(digits):
    if digits is ...:
        return "2: replace the dots by a pair of whole numbers."
    forward, central = digits
    if not 3 <= forward <= 4:
        return "2: the forward quotient keeps about half of the digits: its best error is about 2 sqrt(eps)."
    if not 4 <= central <= 5:
        return "2: the central quotient keeps two thirds of the digits: its best error is about eps**(2/3)."
    return "2: right. Single precision leaves 3 to 5 digits: do not check gradients in float32."


check_2(digits_2)

# %% [markdown]
# **3.** Write the derivative by the complex step, for any analytic `f`.

# %%
complex_step_3 = ...  # lambda f, x: ...


def check_3(complex_step):
    if complex_step is ...:
        return "3: replace the dots by a function of f and x."
    for function, x, right in ((np.exp, 1.0, np.e), (np.sqrt, 4.0, 0.25), (lambda x: x**3 / (1 + x), 1.0, 1.25)):
        found = complex_step(function, x)
        if np.iscomplexobj(found):
            return "3: the result is complex; take the imaginary part and divide by h."
        if abs(found - right) > 1e-15 * abs(right) * 4:
            return f"3: wrong by {abs(found - right):.1e} at x = {x}. Is h small enough (1e-20), and divided by?"
    return "3: right, to the last digit."


check_3(complex_step_3)

# %% [markdown]
# Solutions, and what the checker says to some wrong answers:

# %% jupyter={"source_hidden": true} tags=["solution"]
print(check_1(lambda eps, f, third: (3 * eps * f / third) ** (1 / 3)))
print(check_2((4, 5)))
print(check_3(lambda f, x: np.imag(f(x + 1e-20j)) / 1e-20))
assert check_1(lambda eps, f, third: (3 * eps * f / third) ** (1 / 3)).startswith("1: right")
assert check_2((4, 5)).startswith("2: right") and check_2((3, 4)).startswith("2: right")
assert check_3(lambda f, x: np.imag(f(x + 1e-20j)) / 1e-20).startswith("3: right")
assert "too small" in check_1(lambda eps, f, third: np.sqrt(eps * f / third)) and "half" in check_2((7, 7))
assert "small enough" in check_3(lambda f, x: np.imag(f(x + 1e-3j)) / 1e-3)
assert "complex" in check_3(lambda f, x: f(x + 1e-20j) / 1e-20)
