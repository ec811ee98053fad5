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
# # 08 · Optimisers on hard landscapes
#
# You will learn
#
# - how far a learning rate may go, from one line of algebra, and what happens one step beyond;
# - why long narrow valleys are slow, and what momentum does about it;
# - how RMSProp and Adam choose the length of their steps, and where that saves them: valleys, saddles, bad scales;
# - what mini-batches buy and cost, and why the learning rate should fall towards the end.

# %%
import matplotlib.pyplot as plt
import numpy as np
import scipy.optimize

import diffcompare as dc
from diffcompare import optimize

# %config InlineBackend.figure_formats = ["retina"]

COLORS = {
    "gradient_descent": "#0072b2",
    "momentum": "#d55e00",
    "nesterov": "#009e73",
    "rmsprop": "#cc79a7",
    "adam": "#e69f00",
}


def path_of(name, f, start, **options):
    """Run an optimiser; its history, and all points it visited, one a row."""
    points = [np.asarray(start)]
    history = getattr(optimize, name)(
        dc.value_and_gradient(f), start, callback=lambda step, x, loss: points.append(x), **options
    )
    return history, np.array(points)


def contours(axes, f, x, y, levels):
    grid = np.meshgrid(x, y)
    height = np.array([[f(np.array([a, b])) for a in x] for b in y])
    axes.contour(*grid, height, levels=levels, colors="0.78", linewidths=0.7, zorder=0)
    axes.set(xlim=(x[0], x[-1]), ylim=(y[0], y[-1]))


# %% [markdown]
# ## How far may a step go?
#
# Gradient descent takes $x_{k+1} = x_k - r\,\nabla f(x_k)$. On the bowl $f(x) = \frac12(x_1^2 + 25\,x_2^2)$ each
# coordinate goes its own way:
#
# $$x_1 \leftarrow (1 - r)\,x_1, \qquad x_2 \leftarrow (1 - 25 r)\,x_2.$$
#
# It converges if both factors lie between $-1$ and $1$: $r < 2/25 = 0.08$. The steep direction sets the limit, the
# flat one waits.


# %%
def bowl(x):
    return 0.5 * (x[0] ** 2 + 25.0 * x[1] ** 2)


start = np.array([10.0, 1.0])
rates = {0.01: "too careful", 2 / 26: "best: both factors are as small as they can be", 0.081: "too bold"}

figure, panels = plt.subplots(1, 3, figsize=(12, 3.2), layout="constrained")
for axes, (rate, words) in zip(panels, rates.items(), strict=True):
    history, points = path_of("gradient_descent", bowl, start, learning_rate=rate, steps=40)
    contours(axes, bowl, np.linspace(-3, 11, 80), np.linspace(-2, 2, 80), np.geomspace(0.1, 80, 12))
    axes.plot(*points.T, "o-", color=COLORS["gradient_descent"], markersize=3, linewidth=1)
    axes.plot(0, 0, "k+", markersize=10)
    axes.set_title(f"r = {rate:.4g}: {words}", fontsize=10)
    by_hand = np.array([10.0 * (1 - rate) ** 40, (1 - 25 * rate) ** 40])
    assert np.allclose(history.x, by_hand, rtol=1e-12)
    print(f"r = {rate:.4f}: after 40 steps at ({history.x[0]:8.4f}, {history.x[1]:8.4f}), loss {history.loss:.3g}")
plt.show()
assert abs(history.x[1]) > 1.0  # 0.081 is beyond 2/25: the steep coordinate grows

# %% [markdown]
# ## Narrow valleys, and a heavy ball
#
# The worst factor of the best rate is $(\kappa - 1)/(\kappa + 1)$, where $\kappa = 25$ is the ratio of curvatures, the
# *condition number*. With $\kappa = 10^4$, a thousand steps take away a fifth of the error. Momentum remembers where
# it was going:
#
# $$v \leftarrow \beta v + \nabla f(x), \qquad x \leftarrow x - r v.$$
#
# With the best $r$ and $\beta$ (Polyak 1964) the factor is $(\sqrt\kappa - 1)/(\sqrt\kappa + 1)$: the *square root* of
# the condition number counts.

# %%
conditions = [10.0, 100.0, 1_000.0, 10_000.0]
needed = {"gradient_descent": [], "momentum": []}
for condition in conditions:
    root = np.sqrt(condition)
    valley = dc.value_and_gradient(lambda x, c=condition: 0.5 * (x[0] ** 2 + c * x[1] ** 2))
    options = {"steps": 200_000, "stop": optimize.Stop(gradient_norm=1e-6)}
    plain = optimize.gradient_descent(valley, np.ones(2), learning_rate=2 / (1 + condition), **options)
    decay = ((root - 1) / (root + 1)) ** 2
    heavy = optimize.momentum(valley, np.ones(2), learning_rate=(2 / (1 + root)) ** 2, decay=decay, **options)
    assert "norm of the gradient" in plain.stopped and "norm of the gradient" in heavy.stopped
    needed["gradient_descent"].append(plain.steps)
    needed["momentum"].append(heavy.steps)
    print(f"condition {condition:8,.0f}: gradient descent {plain.steps:6,} steps, momentum {heavy.steps:5,}")

figure, axes = plt.subplots(figsize=(6.5, 3.6), layout="constrained")
for name, counts in needed.items():
    axes.loglog(conditions, counts, "o-", color=COLORS[name], label=name.replace("_", " "))
axes.set(xlabel=r"condition number $\kappa$", ylabel=r"steps until $\|\nabla f\| < 10^{-6}$")
axes.legend(frameon=False)
plt.show()

slope = {name: np.polyfit(np.log(conditions[1:]), np.log(counts[1:]), 1)[0] for name, counts in needed.items()}
print(f"steps grow as the condition to the power {slope['gradient_descent']:.2f} and {slope['momentum']:.2f}")
assert abs(slope["gradient_descent"] - 1.0) < 0.15 and abs(slope["momentum"] - 0.5) < 0.15

# %% [markdown]
# ## Rosenbrock's banana
#
# $f(x) = (1 - x_1)^2 + 100\,(x_2 - x_1^2)^2$: a curved, nearly flat valley. Falling into it is easy, following it to
# $(1, 1)$ is not.


# %%
@dc.function
def banana(x):
    return (1.0 - x[0]) ** 2 + 100.0 * (x[1] - x[0] ** 2) ** 2


runs = {
    "gradient_descent": {"learning_rate": 0.0015},
    "momentum": {"learning_rate": 0.0008},
    "nesterov": {"learning_rate": 0.0008},
    "rmsprop": {"learning_rate": 0.005},
    "adam": {"learning_rate": 0.05},
}
begin = np.array([-1.2, 1.0])
found = {name: path_of(name, banana, begin, steps=2000, **options) for name, options in runs.items()}

figure, (left, right) = plt.subplots(1, 2, figsize=(12, 4.4), layout="constrained")
contours(left, banana, np.linspace(-1.7, 1.7, 90), np.linspace(-0.6, 2.0, 80), np.geomspace(0.05, 500, 14))
for name, (history, points) in found.items():
    left.plot(*points.T, color=COLORS[name], linewidth=1.3, label=name.replace("_", " "))
    right.semilogy(history.losses, color=COLORS[name], label=name.replace("_", " "))
left.plot(1, 1, "k+", markersize=12)
left.plot(*begin, "ko", markersize=4)
left.set(xlabel="$x_1$", ylabel="$x_2$", title="paths")
right.set(xlabel="steps", ylabel="loss")
right.legend(frameon=False)
plt.show()

for name, (history, _) in found.items():
    first = next((k for k, loss in enumerate(history.losses) if loss < 1e-3), None)
    print(f"{name:17} loss {history.loss:8.1e} after 2,000 steps; below 0.001 after {first or 'more than 2,000'}")
assert found["momentum"][0].loss < 1e-3 * found["gradient_descent"][0].loss
assert found["adam"][0].loss < 1e-3 * found["gradient_descent"][0].loss

# %% [markdown]
# Second-order methods use curvature and need a few dozen steps; SciPy's take our gradient in one line.

# %%
newton = scipy.optimize.minimize(dc.value_and_gradient(banana), begin, jac=True, method="BFGS")
print(f"BFGS: {newton.nit} steps, {newton.nfev} gradients, x = {newton.x}")
assert np.allclose(newton.x, 1.0, atol=1e-4) and newton.nit < 60

# %% [markdown]
# ## Steps with a length of their own
#
# RMSProp divides the gradient by the root of a running mean of its squares, Adam does the same to a running mean of
# the gradient. So a step has the length of the learning rate, whether the gradient is 1000 or 0.001. Adam's first step
# by hand: the corrected means are $g$ and $g^2$, so the step is $r\,g/|g|$.

# %%
gradients = np.array([1000.0, -1.0, 0.001])
first = optimize.adam(lambda x: (gradients @ x, gradients), np.zeros(3), learning_rate=0.1, steps=1, epsilon=0.0)
print("first step of Adam for gradients 1000, -1, 0.001:", first.x)
assert np.allclose(first.x, [-0.1, 0.1, -0.1], rtol=1e-13)

plain = optimize.gradient_descent(lambda x: (gradients @ x, gradients), np.zeros(3), learning_rate=0.1, steps=1)
print("first step of gradient descent:                  ", plain.x)

# %% [markdown]
# ## A saddle
#
# $f(x) = \frac12 x_1^2 - \frac12 x_2^2 + \frac14 x_2^4$ has minima at $(0, \pm 1)$, of height $-\frac14$, and between
# them the saddle $(0, 0)$, where the gradient is zero too. From $(1, 0)$ exactly, gradient descent never leaves the
# ridge: the derivative by $x_2$ is 0 on all of it. From $(1, 10^{-6})$ it must wait until $10^{-6}$ has grown.


# %%
@dc.function
def saddle(x):
    return 0.5 * x[0] ** 2 - 0.5 * x[1] ** 2 + 0.25 * x[1] ** 4


on_the_ridge, _ = path_of("gradient_descent", saddle, np.array([1.0, 0.0]), learning_rate=0.05, steps=2000)
print("from the ridge:", on_the_ridge.x)
assert on_the_ridge.x[1] == 0.0 and abs(on_the_ridge.x[0]) < 1e-12

figure, (left, right) = plt.subplots(1, 2, figsize=(12, 3.8), layout="constrained")
contours(left, saddle, np.linspace(-0.4, 1.2, 70), np.linspace(-0.6, 1.4, 70), np.linspace(-0.25, 0.6, 18))
for name in COLORS:
    history, points = path_of(name, saddle, np.array([1.0, 1e-6]), learning_rate=0.05, steps=600)
    left.plot(*points.T, color=COLORS[name], linewidth=1.5, label=name.replace("_", " "))
    right.plot(history.losses, color=COLORS[name], label=name.replace("_", " "))
    escaped = next(k for k, loss in enumerate(history.losses) if loss < -0.2)
    print(f"{name:17} is below -0.2 after {escaped:3} steps")
    if name == "gradient_descent":
        # x_2 grows by the factor 1.05 a step: from 1e-6 to about 1/2 in log(5e5) / log(1.05) steps.
        assert abs(escaped - np.log(5e5) / np.log(1.05)) < 30
        slowest = escaped
    assert escaped <= slowest
left.set(xlabel="$x_1$", ylabel="$x_2$")
right.set(xlabel="steps", ylabel="loss", ylim=(-0.3, 0.55))
right.legend(frameon=False)
plt.show()

# %% [markdown]
# ## Mini-batches
#
# A straight line through 2,000 noisy points. The gradient of the mean over all points costs 2,000 evaluations, an
# estimate from 20 of them a hundredth of that. Early on the estimate is as good; near the end its noise keeps the path
# from settling, unless the learning rate falls.

# %%
random = np.random.default_rng(3)
t = random.uniform(-1.0, 1.0, 2_000)
y = 1.5 * t - 0.5 + 0.3 * random.normal(size=t.size)


def misfit(w, t, y):
    return dc.losses.squared_error(w[0] * t + w[1], y)


design = np.stack([t, np.ones_like(t)], axis=1)
best_w = np.linalg.lstsq(design, y, rcond=None)[0]  # the normal equations know the answer
best = misfit(best_w, t, y)

step = dc.value_and_gradient(misfit, wrt=0)
plans = {
    "all 2,000 points": (2_000, 40, {}),
    "batches of 20": (20, 4_000, {}),
    "batches of 20, cosine schedule": (20, 4_000, {"schedule": optimize.cosine(4_000)}),
    "single points": (1, 8_000, {}),
}
figure, axes = plt.subplots(figsize=(9, 4.0), layout="constrained")
excess = {}
for (name, (size, steps, more)), color in zip(plans.items(), COLORS.values(), strict=False):
    seen, above = [], []

    def watch(number, w, loss, size=size, seen=seen, above=above):
        seen.append((number + 1) * size)
        above.append(float(misfit(w, t, y) - best))

    batches = optimize.minibatches(t, y, size=size, generator=0)
    optimize.sgd(
        step, np.zeros(2), batches, learning_rate=0.3 if size > 1 else 0.05, steps=steps, callback=watch, **more
    )
    excess[name] = np.median(above[-100:]) if size < 2000 else above[-1]
    # Each point is the mean over a tenth of a decade: single losses jump too much to be told apart.
    part = np.floor(10 * np.log10(seen))
    centres = [np.exp(np.mean(np.log(seen)[part == p])) for p in np.unique(part)]
    means = [np.mean(np.array(above)[part == p]) for p in np.unique(part)]
    axes.loglog(centres, means, "o-", color=color, label=name, linewidth=1.4, markersize=3)
axes.set(xlabel="points looked at", ylabel="loss above the best possible", ylim=(1e-10, 5))
axes.legend(frameon=False)
plt.show()

for name, value in excess.items():
    print(f"{name:31} ends {value:.1e} above the best")
assert excess["batches of 20, cosine schedule"] < 0.1 * excess["batches of 20"] < excess["single points"]

# %% [markdown]
# ## Exercises
#
# Replace the dots, run the cell, and read what the checker says. The last cell holds the solutions.
#
# **1.** The largest learning rate for which gradient descent converges on $f(x) = 8 x_1^2 + 3 x_2^2$ (a bound, as a
# number).

# %%
bound_1 = ...


def check_1(bound):
    if bound is ...:
        return "1: replace the dots by a number."
    f = dc.value_and_gradient(lambda x: 8 * x[0] ** 2 + 3 * x[1] ** 2)
    below, above = (optimize.gradient_descent(f, np.ones(2), learning_rate=r * bound, steps=2000) for r in (0.99, 1.01))
    if not below.loss < 1e-6:
        return "1: just below your bound it does not converge. The second derivatives are 16 and 6."
    if not (above.loss > 1 or not np.isfinite(above.loss)):
        return "1: it converges above your bound too."
    return "1: right: 2 over the largest second derivative."


check_1(bound_1)

# %% [markdown]
# **2.** Write one step of Adam yourself: `step_2(x, g, m, s, number)` returns new `x`, `m`, `s`. Learning rate 0.1,
# $\beta_1 = 0.9$, $\beta_2 = 0.999$, $\epsilon = 10^{-8}$, and `number` counts from 1.

# %%
step_2 = ...


def check_2(step):
    if step is ...:
        return "2: replace the dots by a function."
    x, m, s = begin.copy(), np.zeros(2), np.zeros(2)
    library = path_of("adam", banana, begin, learning_rate=0.1, steps=5)[1]
    for number in range(1, 6):
        x, m, s = step(x, dc.gradient(banana)(x), m, s, number)
        if not np.allclose(x, library[number], rtol=1e-9):
            return f"2: step {number} goes to {x}, it should go to {library[number]}."
    return "2: right: five steps agree."


check_2(step_2)

# %% [markdown]
# **3.** From $(1, 10^{-12})$ instead of $(1, 10^{-6})$: how many more steps does gradient descent with $r = 0.05$ wait
# at the saddle?

# %%
more_3 = ...


def check_3(more):
    if more is ...:
        return "3: replace the dots by a number."
    steps = []
    for tiny in (1e-6, 1e-12):
        history, _ = path_of("gradient_descent", saddle, np.array([1.0, tiny]), learning_rate=0.05, steps=1200)
        steps.append(next(k for k, loss in enumerate(history.losses) if loss < -0.2))
    if abs(steps[1] - steps[0] - more) > 3:
        return "3: not yet. The small coordinate grows by the factor 1 + r in each step."
    return f"3: right: {steps[1] - steps[0]} steps."


check_3(more_3)

# %% [markdown]
# Solutions, and what the checker says to some wrong answers:


# %% jupyter={"source_hidden": true} tags=["solution"]
def solution_2(x, g, m, s, number):
    m = 0.9 * m + 0.1 * g
    s = 0.999 * s + 0.001 * g**2
    return x - 0.1 * (m / (1 - 0.9**number)) / (np.sqrt(s / (1 - 0.999**number)) + 1e-8), m, s


print(check_1(2 / 16))
print(check_2(solution_2))
print(check_3(np.log(1e6) / np.log(1.05)))
assert check_1(2 / 16).startswith("1: right")
assert check_2(solution_2).startswith("2: right")
assert check_3(np.log(1e6) / np.log(1.05)).startswith("3: right")
assert "16 and 6" in check_1(2 / 6) and "above" in check_1(0.05)
assert check_2(lambda x, g, m, s, number: (x - 0.1 * g, m, s)).startswith("2: step 1")
assert "1 + r" in check_3(100)
