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
# # 09 · A two-layer network, trained with each derivative method
#
# You will learn
#
# - to train a network on exclusive or, and to check your program against 50-digit arithmetic, step by step;
# - that reverse mode, central differences and symbolic derivatives walk the same path, and what each step costs them;
# - where an approximate gradient stops converging, how that depends on the step $h$, and that it does not notice;
# - why only one of the methods is left once the network has thousands of weights.

# %%
import matplotlib.pyplot as plt
import numpy as np

import diffcompare as dc
from diffcompare import optimize
from diffcompare.problems.digits_data import digits

# %config InlineBackend.figure_formats = ["retina"]

# %% [markdown]
# ## Exclusive or
#
# No straight line separates $\{(0,1), (1,0)\}$ from $\{(0,0), (1,1)\}$, so a linear classifier cannot learn it. One
# hidden layer can: two inputs, three hidden units, one output, with $\sigma(z) = 1/(1 + e^{-z})$ in both layers,
#
# $$h = \sigma(x W_1 + b_1), \qquad o = \sigma(h\,w_2 + b_2), \qquad L = \tfrac12 \sum_{\text{rows}} (o - y)^2.$$
#
# All start weights are exact in binary, so that every program starts at the same point.

# %%
inputs = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
targets = np.array([0.0, 1.0, 1.0, 0.0])
start = (
    np.array([[0.5, -0.75, 0.25], [-0.5, 0.25, 1.0]]),
    np.array([0.125, -0.25, 0.5]),
    np.array([0.75, -1.0, 0.5]),
    -0.125,
)


def outputs(w1, b1, w2, b2, x):
    hidden = dc.sigmoid(x @ w1 + b1)
    return dc.sigmoid(hidden @ w2 + b2)


@dc.function
def loss(w1, b1, w2, b2, x, y):
    return 0.5 * np.sum((outputs(w1, b1, w2, b2, x) - y) ** 2)


loss(*start, inputs, targets)

# %% [markdown]
# ## The gradient at the start, four ways
#
# The errors are against numbers that were computed with 50 digits.

# %%
published = (
    np.array(
        [
            [0.010768747521072214, -0.01275948549299424, -0.0011883265381946687],
            [0.0051638057620808754, -0.0014039743454690968, 0.00014216446453095183],
        ]
    ),
    np.array([0.014111392322373436, -0.015806995813366875, 0.005602958282488763]),
    np.array([0.03730693064015614, 0.019543449803395604, 0.04390596011229696]),
    0.06365012533722993,
)
true = np.concatenate([np.ravel(part) for part in published])
for method in ("reverse", "symbolic", "central-difference", "forward-difference"):
    gradient = dc.gradient(loss, wrt=(0, 1, 2, 3), method=method)(*start, inputs, targets)
    error = np.concatenate([np.ravel(part) for part in gradient]) - true
    print(f"{method:20} largest error of the 13 derivatives: {np.max(np.abs(error)):.1e}")
    # Exact methods: a few roundings of terms of size 1/10. Differences: EPS**(2/3) and EPS**(1/2) of values near 1/2.
    allowed = {"central-difference": 1e-10, "forward-difference": 1e-7}.get(method, 1e-16)
    assert np.max(np.abs(error)) < allowed

# %% [markdown]
# ## Three thousand steps, against 50 digits
#
# Gradient descent with learning rate 1 on all four rows. Roundings are amplified on the way: the path first lingers
# near a plateau, then leaves it.

# %%
after_steps = {
    0: (0.51149847384678, [0.5366375153236043, 0.5223070043063834, 0.6068675718876696, 0.5935262594634126]),
    1: (0.5050087102159592, [0.5050953314131876, 0.4891727157750223, 0.5746608229031926, 0.5594981650858786]),
    10: (0.5017350589624765, [0.4745812993655062, 0.46166483834832384, 0.5383960283432438, 0.524747306136652]),
    100: (0.49211163042395195, [0.4674044865469746, 0.4916730299554466, 0.5263583719231876, 0.5319996301518763]),
    1000: (0.005373967476791688, [0.053339569624442494, 0.9456143411446105, 0.9550920533078644, 0.05411378475605015]),
    3000: (0.0010650715526326908, [0.024748118898973638, 0.9756158778995082, 0.9805033273011478, 0.023301675031846603]),
}
train_step = dc.value_and_gradient(loss, wrt=(0, 1, 2, 3))


def train(steps):
    return optimize.gradient_descent(
        lambda *weights: train_step(*weights, inputs, targets), start, learning_rate=1.0, steps=steps
    )


print("steps    loss                 published            relative difference")
for steps, (value, expected) in after_steps.items():
    history = train(steps)
    apart = abs(history.loss / value - 1.0)
    print(f"{steps:5}    {history.loss:<19.17g}  {value:<19.17g}  {apart:.0e}")
    tolerance = 1e-13 if steps <= 100 else 1e-10
    assert apart < tolerance
    assert np.allclose(outputs(*history.x, inputs), expected, rtol=tolerance)
print("outputs after 3,000 steps:", outputs(*history.x, inputs).round(4))

# %%
figure, axes = plt.subplots(figsize=(7.5, 3.2), layout="constrained")
axes.loglog(history.losses, color="#0072b2", label="loss")
axes.loglog(history.gradient_norms, color="#d55e00", linestyle="--", label="norm of the gradient")
axes.plot(list(after_steps), [value for value, _ in after_steps.values()], "ko", markersize=4, label="published")
axes.set(xlabel="steps", title="A plateau until step 100, then the four rows fall into place")
axes.legend(frameon=False)
plt.show()

# %% [markdown]
# ## The same training with each gradient
#
# `compare_training` repeats one training with each method: same start, same optimiser, only the gradient differs. The
# target is a loss below 0.01.

# %%
result = dc.compare_training(
    loss,
    start,
    data=(inputs, targets),
    methods=["reverse", "symbolic", "central-difference"],
    optimizer="gradient_descent",
    learning_rate=1.0,
    steps=1000,
    target=0.01,
)
result

# %% [markdown]
# All three reach the target at the same step. The difference is the price: *own gradient* and *true gradient* agree,
# *time a step* does not. In the picture, full lines count the steps alone; dashed ones begin with what was left to
# prepare (most of the deriving and compiling was done, and kept, when the gradients above were taken).

# %%
figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.2), layout="constrained", sharey=True)
looks = zip(["#0072b2", "#d55e00", "#009e73"], [4.0, 2.4, 1.2], strict=True)
for (name, path), (color, width) in zip(result.histories.items(), looks, strict=True):
    seconds = np.array(path.seconds)
    left.semilogy(path.losses, color=color, label=name, linewidth=width)
    right.loglog(seconds, path.losses, color=color, label=name, linewidth=1.8)
    right.loglog(seconds + result[name]["prepare_s"], path.losses, color=color, linewidth=1.2, linestyle="--")
for axes in (left, right):
    axes.axhline(0.01, color="0.5", linestyle=":", linewidth=1)
left.set(xlabel="steps", ylabel="loss", title="one path")
right.set(xlabel="time [s]", title="three prices (dashed: with what was left to prepare)")
left.legend(frameon=False)
plt.show()

for record in result.records:
    assert record["status"] == "ok" and record["final_loss"] < 0.01
assert len({record["steps_to_target"] for record in result.records}) == 1
assert 100 < result["reverse"]["steps_to_target"] <= 1000

# %% [markdown]
# ## The network in eleven lines
#
# A well-known little program trains 3-4-1 units without biases; its third input is always 1. Here is the same
# training, from the same weights (`2 * numpy.random.RandomState(1).random_sample(shape) - 1`).

# %%
eleven_inputs = np.array([[0.0, 0.0, 1.0], [0.0, 1.0, 1.0], [1.0, 0.0, 1.0], [1.0, 1.0, 1.0]])
eleven_targets = np.array([[0.0], [1.0], [1.0], [0.0]])
w1 = np.array(
    [
        [-0.165955990594852, 0.4406489868843162, -0.9997712503653102, -0.39533485473632046],
        [-0.7064882183657739, -0.8153228104624044, -0.6274795772446582, -0.3088785459139045],
        [-0.20646505153866013, 0.07763346800671389, -0.1616109711934104, 0.370439000793519],
    ]
)
w2 = np.array([[-0.5910955005369651], [0.7562348727818908], [-0.9452248136041477], [0.34093502035680445]])
random = np.random.RandomState(1)
assert np.allclose(w1, 2 * random.random_sample((3, 4)) - 1, rtol=0, atol=1e-15)
assert np.allclose(w2, 2 * random.random_sample((4, 1)) - 1, rtol=0, atol=1e-15)


def eleven(w1, w2):
    apart = dc.sigmoid(dc.sigmoid(eleven_inputs @ w1) @ w2) - eleven_targets
    return 0.5 * np.sum(apart**2)


by_w1, by_w2 = dc.gradient(eleven)(w1, w2)
published_by_w1 = [
    [0.0010368297984490668, 0.004964756867921274, 0.003754221587321374, 0.0015554464951141322],
    [0.0003074860029425863, 0.003849986964910717, 0.01025853905559991, 0.0003253507079024349],
    [-0.0008048910326164463, 0.006125554492914399, 0.0019528962395484878, 0.00041050689521485856],
]
published_by_w2 = [[0.004513854630557412], [0.006693247497882844], [0.006769316348954908], [0.004551329347278153]]
assert np.allclose(by_w1, published_by_w1, rtol=1e-12) and np.allclose(by_w2, published_by_w2, rtol=1e-12)

# %%
mean_error_and_loss = {
    0: (0.4964100319027255, 0.4951865354020256),
    1: (0.49629578894383997, 0.49486223246794214),
    10: (0.4951740109246665, 0.49254025994531914),
    100: (0.4579323652101738, 0.4308881048995048),
    1000: (0.042984647810726216, 0.0037978324575567764),
    10000: (0.008584525653247157, 0.0001507563750962543),
    20000: (0.005789459862507806, 6.852242123142507e-05),
    30000: (0.004629176776769985, 4.379128278401681e-05),
    40000: (0.003958765280273649, 3.201605083078861e-05),
    50000: (0.0035101225678616788, 2.5164383921281896e-05),
}
step = dc.value_and_gradient(eleven)
weights, done = (w1, w2), 0
print(" steps    mean |error|   loss")
for steps, (mean_error, expected) in mean_error_and_loss.items():
    weights = optimize.gradient_descent(step, weights, learning_rate=1.0, steps=steps - done).x
    done = steps
    error = np.mean(np.abs(dc.sigmoid(dc.sigmoid(eleven_inputs @ weights[0]) @ weights[1]) - eleven_targets))
    print(f"{steps:6}    {error:.8f}     {eleven(*weights):.4e}")
    tolerance = 1e-12 if steps <= 100 else 1e-7  # the late figures are good to eight digits or so
    assert np.isclose(error, mean_error, rtol=tolerance) and np.isclose(eleven(*weights), expected, rtol=tolerance)

# %% [markdown]
# ## Where an approximate gradient stops
#
# Now a training that converges: logistic regression with a regulariser, in five weights. Near the minimum the true
# gradient goes to zero, and what is left of a difference is its error. Forward differences add $\frac h2 f''$ to each
# derivative, so they stop where
#
# $$\nabla f = -\tfrac h2\,\mathrm{diag}(\nabla^2 f),$$
#
# central ones where each derivative is $-\frac{h^2}{6}$ times the third one; below, round-off
# $\sim \varepsilon |f| / h$ takes over. The floor against $h$ is the V that you know from step sizes.

# %%
random = np.random.default_rng(5)
points = random.normal(size=(40, 5))
answers = (points @ np.array([1.0, -2.0, 0.5, 0.0, 1.5]) + 0.5 * random.normal(size=40) > 0).astype(float)


@dc.function
def logistic(w, x, y):
    return dc.losses.binary_cross_entropy_with_logits(x @ w, y) + dc.losses.l2(w, strength=0.05)


steps_h = [1e-1, 1e-2, 1e-3, 1e-5, 1e-7, 1e-9, 1e-11]
plan = {"optimizer": "momentum", "learning_rate": 0.3, "steps": 700}
floors = dc.compare_training(logistic, np.zeros(5), data=(points, answers), step_sizes=steps_h, **plan)
floors.plot()

# %% [markdown]
# On the left: each run goes down as the exact one does, until it stops at a height of its own; the larger its step,
# the earlier. On the right: filled points are the *true* gradients where the runs ended, hollow ones what each method
# itself measured there. With $h = 0.1$ a forward difference finds a gradient of exactly 0 and is certain to have
# converged, to a wrong point.

# %%
forward = [floors[f"forward-difference, h = {h:g}"] for h in steps_h]
hessian = dc.hessian(logistic, wrt=0)(floors.histories["reverse"].x, points, answers)
predicted = np.linalg.norm(np.diag(hessian)) / 2
for h, record in zip(steps_h[:3], forward, strict=False):
    print(
        f"h = {h:<5g}  true gradient at the end {record['gradient_norm']:.3e}, predicted {predicted * h:.3e}; ", end=""
    )
    print(f"by its own measure {record['own_norm']:.3g}")
    assert abs(record["gradient_norm"] / (predicted * h) - 1.0) < 2 * h  # the next term is smaller by a factor h
    assert record["own_norm"] < 1e-3 * record["gradient_norm"]  # it does not notice

central = [floors[f"central-difference, h = {h:g}"]["gradient_norm"] for h in steps_h]
assert 90 < central[0] / central[1] < 110  # a tenth of the step, a hundredth of the error
assert central[-1] > 100 * min(central)  # round-off

# %% [markdown]
# In float32 there are seven digits instead of sixteen. The V is blunt, and its bottom lies far higher.

# %%
single = dc.compare_training(
    logistic, np.zeros(5), data=(points, answers), step_sizes=[1e-1, 1e-2, 1e-3, 1e-5], dtype=np.float32, **plan
)
print(single)
central_32 = [record["gradient_norm"] for record in single.records if record["method"] == "central-difference"]
assert min(central_32) > 1000 * min(central) and single["reverse"]["gradient_norm"] < min(central_32)

# %% [markdown]
# ## Digits
#
# A network of 64 inputs, 32 hidden units and 10 outputs has 2,410 weights. The data are the 8 × 8 pictures of E.
# Alpaydin and C. Kaynak, UCI Machine Learning Repository 1998, doi:10.24432/C50P49 (CC BY 4.0), as they come with the
# package.

# %%
pictures, classes = digits(1797, "this notebook")
order = np.random.default_rng(0).permutation(1797)
pictures, classes = pictures[order], classes[order]
train_x, train_y, test_x, test_y = pictures[:1400], classes[:1400], pictures[1400:], classes[1400:]


def scores(w1, b1, w2, b2, x):
    return dc.relu(x @ w1 + b1) @ w2 + b2


@dc.function
def digits_loss(w1, b1, w2, b2, x, y):
    return dc.losses.softmax_cross_entropy(scores(w1, b1, w2, b2, x), y) + dc.losses.l2(w1, w2, strength=1e-4)


random = np.random.default_rng(1)
first_w1, first_w2 = random.normal(size=(64, 32)) * np.sqrt(2 / 64), random.normal(size=(32, 10)) * np.sqrt(2 / 32)
first = (first_w1, np.zeros(32), first_w2, np.zeros(10))
trained = optimize.adam(
    dc.value_and_gradient(digits_loss, wrt=(0, 1, 2, 3)),
    first,
    learning_rate=0.01,
    steps=1000,
    batches=optimize.minibatches(train_x, train_y, size=64, generator=2, drop_last=True),
    schedule=optimize.cosine(1000),
)
answers = scores(*trained.x, test_x).argmax(axis=1)
print(f"{trained}\nright on new pictures: {np.mean(answers == test_y):.1%}, in {trained.seconds[-1]:.1f} s")
assert np.mean(answers == test_y) > 0.96

# %%
wrong = np.flatnonzero(answers != test_y)
figure, panels = plt.subplots(1, max(len(wrong), 2), figsize=(10, 1.7), layout="constrained")
for panel, index in zip(panels, wrong, strict=False):
    panel.imshow(test_x[index].reshape(8, 8), cmap="gray_r")
    panel.set_title(f"{test_y[index]}, said {answers[index]}", fontsize=8)
for panel in panels:
    panel.axis("off")
figure.suptitle("All that it gets wrong", fontsize=10)
plt.show()

# %% [markdown]
# What would the other methods have cost? Central differences evaluate the loss twice for each weight; the symbolic
# method writes each element of each array out, and refuses.

# %%
count = sum(part.size for part in first)
batch = (train_x[:64], train_y[:64])
prices = dc.compare_training(
    digits_loss, first, data=batch, methods=["reverse", "central-difference", "symbolic"], steps=1
)
for record in prices.records:
    if record["status"] == "ok":
        print(f"{record['method']:20} {1e3 * record['seconds_per_step']:.3g} ms a step")
    else:
        print(f"{record['method']:20} {record['status']}: {record['reason'].splitlines()[0]}")
ratio = prices["central-difference"]["seconds_per_step"] / prices["reverse"]["seconds_per_step"]
print(f"2 × {count:,} = {2 * count:,} evaluations for one gradient: {ratio:.0f} times the time of reverse mode")
assert prices["central-difference"]["evaluations"] == 2 * count == 4820
assert prices["symbolic"]["status"] == "skipped" and "limit" in prices["symbolic"]["reason"]

# %% [markdown]
# ## Exercises
#
# Replace the dots, run the cell, and read what the checker says. The last cell holds the solutions.
#
# **1.** Backpropagation by hand: the four gradients of the exclusive-or loss as NumPy code, a function of
# `w1, b1, w2, b2`.

# %%
backward_1 = ...


def check_1(backward):
    if backward is ...:
        return "1: replace the dots by a function that gives a tuple of four gradients."
    found = backward(*start)
    for name, part, right in zip(("w1", "b1", "w2", "b2"), found, published, strict=True):
        if np.shape(part) != np.shape(right):
            return f"1: the gradient by {name} has shape {np.shape(part)}, it should have {np.shape(right)}."
        if not np.allclose(part, right, rtol=1e-12):
            return f"1: the gradient by {name} is not right yet. The derivative of a sigmoid s is s (1 - s)."
    return "1: right."


check_1(backward_1)

# %% [markdown]
# **2.** How many evaluations of the loss does one gradient of a 784-300-10 network take by forward differences?

# %%
evaluations_2 = ...


def check_2(evaluations):
    if evaluations is ...:
        return "2: replace the dots by a number."
    weights = 784 * 300 + 300 + 300 * 10 + 10
    if evaluations == weights:
        return "2: almost: the value at the point itself is one more."
    if evaluations != weights + 1:
        return "2: count weights and biases of both layers."
    return "2: right. Reverse mode takes the work of a few evaluations."


check_2(evaluations_2)

# %% [markdown]
# **3.** Gradient descent on $f(x) = \frac12 \sum_i a_i x_i^2$ with forward differences of step $h = 0.01$. Where does
# it end? Give the point for $a = (1, 4)$.

# %%
end_3 = ...


def check_3(end):
    if end is ...:
        return "3: replace the dots by two numbers."
    a = np.array([1.0, 4.0])
    forward = dc.methods.FiniteDifference("forward", step=0.01)
    history = optimize.gradient_descent(
        dc.value_and_gradient(lambda x: 0.5 * np.sum(a * x * x), method=forward),
        np.ones(2),
        learning_rate=0.2,
        steps=300,
    )
    if not np.allclose(end, history.x, rtol=1e-6):
        return "3: not yet. The quotient along x_i is a_i (x_i + h / 2): where is it zero?"
    return "3: right: half a step before the minimum in every coordinate, however steep it is."


check_3(end_3)

# %% [markdown]
# Solutions, and what the checker says to some wrong answers:


# %% jupyter={"source_hidden": true} tags=["solution"]
def solution_1(w1, b1, w2, b2):
    hidden = dc.sigmoid(inputs @ w1 + b1)
    out = dc.sigmoid(hidden @ w2 + b2)
    out_bar = (out - targets) * out * (1 - out)
    hidden_bar = out_bar[:, None] * w2 * hidden * (1 - hidden)
    return inputs.T @ hidden_bar, hidden_bar.sum(axis=0), hidden.T @ out_bar, out_bar.sum()


def with_a_factor(w1, b1, w2, b2):
    by_w1, *others = solution_1(w1, b1, w2, b2)
    return 2 * by_w1, *others


print(check_1(solution_1))
print(check_2(238_511))
print(check_3([-0.005, -0.005]))
assert check_1(solution_1).startswith("1: right")
assert check_2(238_511).startswith("2: right")
assert check_3([-0.005, -0.005]).startswith("3: right")
assert "by w1" in check_1(with_a_factor) and "almost" in check_2(238_510)
assert "a_i" in check_3([0.0, 0.0])
