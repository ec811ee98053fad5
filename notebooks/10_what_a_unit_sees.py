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
# # 10 · What a unit sees
#
# You will learn
#
# - to differentiate a trained network by its *input*: which pixels speak for an answer, and which against it;
# - why, for a network of ReLUs, that gradient explains the score completely;
# - to paint the picture that excites a unit most (activation maximisation), and why that needs a regulariser;
# - how the same gradient fools the network, and how little it takes.

# %%
import matplotlib.pyplot as plt
import numpy as np

import diffcompare as dc
from diffcompare import optimize
from diffcompare.problems.digits_data import digits

# %config InlineBackend.figure_formats = ["retina"]


def show(panel, picture, signed=False, title=""):
    """One 8 × 8 picture: ink in grey, or red for positive and blue for negative numbers."""
    limit = np.max(np.abs(picture)) or 1.0
    look = {"cmap": "RdBu_r", "vmin": -limit, "vmax": limit} if signed else {"cmap": "gray_r", "vmin": 0, "vmax": 1}
    panel.imshow(np.reshape(picture, (8, 8)), **look)
    panel.set(xticks=[], yticks=[])
    panel.set_title(title, fontsize=9)


# %% [markdown]
# ## A network to look into
#
# 64 pixels, 32 hidden ReLUs, 10 scores, trained on 1,400 of the 8 × 8 digits of E. Alpaydin and C. Kaynak (UCI Machine
# Learning Repository 1998, doi:10.24432/C50P49, CC BY 4.0), as in notebook 09.

# %%
pictures, classes = digits(1797, "this notebook")
order = np.random.default_rng(0).permutation(1797)
pictures, classes = pictures[order], classes[order]
train_x, train_y, test_x, test_y = pictures[:1400], classes[:1400], pictures[1400:], classes[1400:]


def network(w1, b1, w2, b2, x):
    return dc.relu(x @ w1 + b1) @ w2 + b2


def loss(w1, b1, w2, b2, x, y):
    return dc.losses.softmax_cross_entropy(network(w1, b1, w2, b2, x), y) + dc.losses.l2(w1, w2, strength=1e-3)


random = np.random.default_rng(1)
start_w1, start_w2 = random.normal(size=(64, 32)) * np.sqrt(2 / 64), random.normal(size=(32, 10)) * np.sqrt(2 / 32)
trained = optimize.adam(
    dc.value_and_gradient(loss, wrt=(0, 1, 2, 3)),
    (start_w1, np.zeros(32), start_w2, np.zeros(10)),
    learning_rate=0.01,
    steps=1500,
    batches=optimize.minibatches(train_x, train_y, size=64, generator=2, drop_last=True),
    schedule=optimize.cosine(1500),
)
w1, b1, w2, b2 = trained.x
right = np.mean(network(*trained.x, test_x).argmax(axis=1) == test_y)
print(f"right on new pictures: {right:.1%}")
assert right > 0.96

# %% [markdown]
# ## Which pixels speak for it?
#
# The gradient of the score $s_c$ by the picture $x$ says what a little more ink on each pixel would do. Red raises the
# score of the right class, blue lowers it.


# %%
@dc.function
def score(x, c):
    return network(w1, b1, w2, b2, x)[c]


chosen = [int(np.flatnonzero(test_y == c)[0]) for c in range(10)]
by_pixel = dc.gradient(score, wrt=0)
figure, panels = plt.subplots(3, 10, figsize=(11, 3.7), layout="constrained")
for c, index in enumerate(chosen):
    x = test_x[index]
    gradient = by_pixel(x, c)
    show(panels[0, c], x)
    show(panels[1, c], gradient, signed=True)
    show(panels[2, c], gradient * x, signed=True)
for row, words in zip(panels, ["picture", "gradient", "gradient × ink"], strict=True):
    row[0].set_ylabel(words, fontsize=9)
plt.show()

# %% [markdown]
# Is the gradient right? The checker takes the score itself, evaluates it around the point, and watches how its
# differences converge.

# %%
x = test_x[chosen[3]]
print(dc.check_gradient(lambda x: score(x, 3), lambda x: by_pixel(x, 3), at=x).verdict)
assert dc.check_gradient(lambda x: score(x, 3), lambda x: by_pixel(x, 3), at=x).verdict == "correct"

# %% [markdown]
# A network of ReLUs is linear as long as no unit switches. So the gradient does not only point the way, it accounts
# for the score:
#
# $$s_c(x) = \nabla s_c(x) \cdot x + \underbrace{b_2 + (b_1 \odot [x W_1 + b_1 > 0])\,W_2}_{\text{what biases add}}.$$

# %%
active = x @ w1 + b1 > 0
from_biases = (b1 * active) @ w2 + b2
print(f"score of class 3: {score(x, 3):.6f} = {by_pixel(x, 3) @ x:.6f} from pixels + {from_biases[3]:.6f} from biases")
assert np.isclose(score(x, 3), by_pixel(x, 3) @ x + from_biases[3], rtol=1e-12)

# All ten classes at once are the Jacobian, a matrix with one row a class.
jacobian = dc.jacobian(lambda x: network(w1, b1, w2, b2, x))(x)
assert jacobian.shape == (10, 64)
assert np.allclose(jacobian, (w1[:, active] @ w2[active]).T, rtol=1e-12, atol=1e-14)

# %% [markdown]
# ## What a hidden unit sees
#
# A unit of the first layer is a weighted sum of pixels, followed by a ReLU. Its gradient is its weights where it is
# active and zero where it is not. These are the ten units that matter most for the answers:

# %%
unit_7 = dc.gradient(lambda x: dc.relu(x @ w1 + b1)[7])
pushed = x @ w1[:, 7] + b1[7]
assert np.array_equal(unit_7(x), w1[:, 7] if pushed > 0 else np.zeros(64))

importance = np.linalg.norm(w2, axis=1) * np.linalg.norm(w1, axis=0)
figure, panels = plt.subplots(1, 10, figsize=(11, 1.5), layout="constrained")
for panel, unit in zip(panels, np.argsort(-importance), strict=False):
    show(panel, w1[:, unit], signed=True, title=f"unit {unit}, for {w2[unit].argmax()}")
plt.show()

# %% [markdown]
# ## The picture that it likes best
#
# *Activation maximisation*: keep the network, change the picture until the score of class $c$ is as large as it gets.
# Gradient descent on $-s_c(x)$ does it, and without a bound it never ends: in the outermost linear region the score
# grows with every step.

# %%
climb = dc.value_and_gradient(lambda x, c: -network(w1, b1, w2, b2, x)[c], wrt=0)


def maximise(objective, c, x0, **options):
    return optimize.gradient_descent(lambda x: objective(x, c), x0, **options)


grey = np.full(64, 0.3)
for steps in (100, 200, 400):
    history = maximise(climb, 8, grey, learning_rate=0.05, steps=steps)
    print(f"{steps:3} steps: score {-history.loss:6.1f}, ink from {history.x.min():5.1f} to {history.x.max():4.1f}")
assert history.x.max() > 10 and history.x.min() < -10  # ink is between 0 and 1

# %% [markdown]
# A *regulariser* says what a picture should be like. First: not too much ink of either sign,
# $-s_c(x) + \lambda \|x\|^2$. At the best picture the gradient is zero, so it satisfies
# $x = \nabla s_c(x) / 2\lambda$: again the gradient, made large.
#
# Second: ink between 0 and 1, $x = \sigma(z)$ with free $z$, little of it, and neighbouring pixels not too different:
# $-s_c(x) + \mu \sum (x_{i+1} - x_i)^2 + \mu \sum x_i$, the first sum over rows and columns.

# %%
ridge = 1.0
bounded = dc.value_and_gradient(lambda x, c: -network(w1, b1, w2, b2, x)[c] + ridge * np.sum(x * x), wrt=0)


def roughness(x):
    image = x.reshape(8, 8)
    return np.sum((image[1:] - image[:-1]) ** 2) + np.sum((image[:, 1:] - image[:, :-1]) ** 2)


def drawing(z, c):
    x = dc.sigmoid(z)
    return -network(w1, b1, w2, b2, x)[c] + 0.3 * (roughness(x) + np.sum(x))


smooth = dc.value_and_gradient(drawing, wrt=0)
rows = {"no bound": [], "small": [], "ink and smooth": []}
for c in range(10):
    rows["no bound"].append(maximise(climb, c, grey, learning_rate=0.05, steps=200).x)
    fading = {"learning_rate": 0.3, "steps": 800, "schedule": optimize.cosine(800)}
    rows["small"].append(maximise(bounded, c, grey, **fading).x)
    z = optimize.adam(lambda z, c=c: smooth(z, c), np.full(64, -1.0), learning_rate=0.1, steps=400).x
    rows["ink and smooth"].append(dc.sigmoid(z))

figure, panels = plt.subplots(4, 10, figsize=(11, 4.9), layout="constrained")
for row, (words, found) in zip(panels, rows.items(), strict=False):
    row[0].set_ylabel(words, fontsize=9)
    for c, picture in enumerate(found):
        show(row[c], picture, signed=words != "ink and smooth")
panels[3, 0].set_ylabel("mean of\nthe class", fontsize=9)
for c in range(10):
    show(panels[3, c], train_x[train_y == c].mean(axis=0))
plt.show()

for c in range(10):
    for words, found in rows.items():
        assert network(w1, b1, w2, b2, found[c]).argmax() == c, (words, c)

# %% [markdown]
# Does the second row satisfy $x = \nabla s_c / 2\lambda$? Where no unit is about to switch, to the last digit.
# Elsewhere the best picture lies on a *kink*: the input of some unit is zero there, the gradient jumps from one side
# of it to the other, and descent rattles between them until its steps have faded (notebook 11 is about kinks).

# %%
for c, picture in enumerate(rows["small"]):
    expected = by_pixel(picture, c) / (2 * ridge)
    nearest = np.min(np.abs(picture @ w1 + b1))  # of all units, the one that is nearest to switching
    apart = np.max(np.abs(picture - expected))
    print(f"class {c}: apart by {apart:.0e}, nearest unit at {nearest:.0e}  {'(on a kink)' if apart > 1e-9 else ''}")
    assert apart < 1e-9 or nearest < 1e-2
    assert picture @ expected > 0.9 * np.linalg.norm(picture) * np.linalg.norm(expected)

# %% [markdown]
# (Colours of the first two rows are scaled picture by picture.) The network gives each of these pictures to "its"
# class, those of the first row with many times the score of any real digit. None of them is a digit: it has learned
# what tells the digits apart, not what a digit looks like.

# %%
best_real = network(*trained.x, pictures).max(axis=0)
for words, found in rows.items():
    reached = np.array([score(picture, c) for c, picture in enumerate(found)])
    print(f"{words:15} scores {reached.round(1)}, largest pixel {np.max(np.abs(found)):.1f}")
    if words == "no bound":
        assert np.all(reached > 5 * best_real)
print(f"real digits     best   {best_real.round(1)}")

# %% [markdown]
# ## The same gradient, as a weapon
#
# To lower the right score as fast as possible with a change of at most $\epsilon$ a pixel, step along the *sign* of
# the gradient of the loss: $x + \epsilon\,\mathrm{sign}(\nabla_x L)$ (Goodfellow, Shlens and Szegedy 2015,
# arXiv:1412.6572). A random step of the same size does next to nothing.


# %%
def image_loss(x, y):
    return dc.losses.softmax_cross_entropy(network(w1, b1, w2, b2, x), y, reduction="sum")


attack = np.sign(dc.gradient(image_loss, wrt=0)(test_x, test_y))  # all 397 pictures in one sweep
chance = np.random.default_rng(4).choice([-1.0, 1.0], size=attack.shape)
sizes = np.linspace(0.0, 0.3, 13)


def share(changed):
    return np.mean(network(w1, b1, w2, b2, changed).argmax(axis=1) == test_y)


along = [share(np.clip(test_x + e * attack, 0, 1)) for e in sizes]
beside = [share(np.clip(test_x + e * chance, 0, 1)) for e in sizes]

figure, axes = plt.subplots(figsize=(7, 3.3), layout="constrained")
axes.plot(sizes, beside, "o-", color="#0072b2", label="random signs")
axes.plot(sizes, along, "s-", color="#d55e00", label="signs of the gradient")
axes.set(xlabel=r"change of each pixel, $\epsilon$ (ink is 0 to 1)", ylabel="right answers", ylim=(0, 1.02))
axes.legend(frameon=False)
plt.show()
print(f"at 0.15: {beside[6]:.1%} right after random changes, {along[6]:.1%} after changes along the gradient")
assert beside[6] > 0.9 > 0.6 > along[6]

# %%
figure, panels = plt.subplots(2, 8, figsize=(10, 3.0), layout="constrained")
changed = np.clip(test_x + 0.15 * attack, 0, 1)
fooled = network(w1, b1, w2, b2, changed).argmax(axis=1)
for column, index in enumerate(np.flatnonzero(fooled != test_y)[:8]):
    show(panels[0, column], test_x[index], title=f"a {test_y[index]}")
    show(panels[1, column], changed[index], title=f"said {fooled[index]}")
plt.show()

# %% [markdown]
# ## Exercises
#
# Replace the dots, run the cell, and read what the checker says. The last cell holds the solutions.
#
# **1.** Which $x$ maximises $w \cdot x - \lambda \|x\|^2$? A function of `w` and `strength`.

# %%
best_1 = ...


def check_1(best):
    if best is ...:
        return "1: replace the dots by a function of w and strength."
    w, strength = w1[:, 7], 0.25
    history = optimize.gradient_descent(
        dc.value_and_gradient(lambda x: strength * np.sum(x * x) - w @ x), np.zeros(64), learning_rate=0.5, steps=200
    )
    if not np.allclose(best(w, strength), history.x, atol=1e-9):
        return "1: not yet. Set the gradient w - 2 * strength * x to zero."
    return "1: right: a linear unit likes best the picture of its own weights."


check_1(best_1)

# %% [markdown]
# **2.** A linear score $w \cdot x$. By how much does $x + \epsilon\,\mathrm{sign}(w)$ raise it? A function of `w` and
# `epsilon`.

# %%
rise_2 = ...


def check_2(rise):
    if rise is ...:
        return "2: replace the dots by a function of w and epsilon."
    w = w1[:, 7]
    if not np.isclose(rise(w, 0.1), w @ (0.1 * np.sign(w))):
        return "2: not yet. Every pixel adds |w_i| * epsilon."
    return "2: right: it grows with the number of pixels, however small each change is."


check_2(rise_2)

# %% [markdown]
# **3.** The probabilities of the ten classes add up to 1. What do their gradients by the picture add up to (a number,
# the same for each pixel)? And those of the ten scores: are they the same, yes or no?

# %%
sum_3, scores_too_3 = ..., ...


def check_3(total, scores_too):
    if total is ... or scores_too is ...:
        return "3: replace the dots by a number and a word."
    by_class = dc.jacobian(lambda x: dc.softmax(network(w1, b1, w2, b2, x)))(x)
    if not np.allclose(by_class.sum(axis=0), total, atol=1e-12):
        return "3: the sum of the probabilities is 1 for every picture: what is the derivative of a constant?"
    if scores_too != "no":
        return "3: nothing keeps the sum of the scores fixed."
    return "3: right."


check_3(sum_3, scores_too_3)

# %% [markdown]
# Solutions, and what the checker says to some wrong answers:

# %% jupyter={"source_hidden": true} tags=["solution"]
print(check_1(lambda w, strength: w / (2 * strength)))
print(check_2(lambda w, epsilon: epsilon * np.sum(np.abs(w))))
print(check_3(0.0, "no"))
assert check_1(lambda w, strength: w / (2 * strength)).startswith("1: right")
assert check_2(lambda w, epsilon: epsilon * np.sum(np.abs(w))).startswith("2: right")
assert check_3(0.0, "no").startswith("3: right")
assert np.max(np.abs(jacobian.sum(axis=0))) > 0.1  # the scores' gradients do not add up to zero
assert "not yet" in check_1(lambda w, strength: w / strength) and "constant" in check_3(1.0, "no")
assert "not yet" in check_2(lambda w, epsilon: epsilon * np.sum(w))
