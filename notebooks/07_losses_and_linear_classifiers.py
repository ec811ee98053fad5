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
# # 07 · Losses and linear classifiers
#
# You will learn
#
# - how a loss turns "these scores are bad" into one number: the SVM loss and the softmax cross-entropy, worked by
#   hand;
# - what their gradients by the scores say: which scores to raise, which to lower, and how strongly;
# - why a loss must be written with care: the textbook formula of the softmax overflows, a stable one does not;
# - how to train both classifiers on pictures of handwritten digits, and what their weights look like afterwards.

# %%
import matplotlib.pyplot as plt
import numpy as np

import diffcompare as dc
from diffcompare.problems.digits_data import digits

# %config InlineBackend.figure_formats = ["retina"]

# %% [markdown]
# ## Scores
#
# A linear classifier gives a picture $x$ (its pixels in one long row) one score for each class:
#
# $$s = x W + b.$$
#
# The class with the largest score is its answer. Below are the scores of a cat, a car and a frog, of a classifier that
# is not trained yet; a row is a picture, a column a class (cat, car, frog).

# %%
scores = np.array([[3.2, 5.1, -1.7], [1.3, 4.9, 2.0], [2.2, 2.5, -3.1]])
labels = np.array([0, 1, 2])
print("answers:", scores.argmax(axis=1), " right:", labels)

# %% [markdown]
# ## The SVM loss
#
# The right score should lead every other one by a margin of 1. What is missing is the loss of picture $i$ with the
# right class $y_i$:
#
# $$L_i = \sum_{j \ne y_i} \max(0,\; s_j - s_{y_i} + 1), \qquad L = \frac1N \sum_i L_i.$$
#
# For the cat: $\max(0, 5.1 - 3.2 + 1) + \max(0, -1.7 - 3.2 + 1) = 2.9 + 0$.

# %%
losses = dc.losses.hinge(scores, labels, reduction="none")
print("losses", losses.round(12), " mean", dc.losses.hinge(scores, labels))

assert np.allclose(losses, [2.9, 0.0, 12.9], rtol=1e-15, atol=1e-15)
assert np.isclose(dc.losses.hinge(scores, labels), 5.266666666666667, rtol=1e-15)

# %% [markdown]
# **A slip to learn from.** An older edition of the well-known lecture slides prints 10.9 for the frog and 4.6 for the
# mean. The terms are $2.2 + 3.1 + 1 = 6.3$ and $2.5 + 3.1 + 1 = 6.6$; they add up to 12.9, and the mean is 15.8/3. One
# line of code finds what many readers did not.

# %%
printed = {"frog": 10.9, "mean": 4.6}
frog = max(0, 2.2 - -3.1 + 1) + max(0, 2.5 - -3.1 + 1)
print(f"frog {frog:.1f} (printed {printed['frog']}), mean {(2.9 + 0 + frog) / 3:.2f} (printed {printed['mean']})")
assert abs(frog - 12.9) < 1e-12 and abs(printed["frog"] - frog) > 1.9

# %% [markdown]
# The gradient by the scores: every class that comes too close gets $+1$, the right one loses 1 for each of them, all
# over $N = 3$. A picture with loss 0 asks for nothing.

# %%
by_scores = dc.gradient(lambda s: dc.losses.hinge(s, labels))(scores)
print(by_scores.round(4))

third, two_thirds = 0.3333333333333333, 0.6666666666666666
assert np.allclose(
    by_scores, [[-third, third, 0.0], [0.0, 0.0, 0.0], [third, third, -two_thirds]], rtol=1e-15, atol=0.0
)

# %% [markdown]
# ## Softmax and cross-entropy
#
# The softmax makes probabilities of scores, and the loss is minus the logarithm of the right one:
#
# $$p_k = \frac{e^{s_k}}{\sum_j e^{s_j}}, \quad L_i = -\log p_{y_i}, \quad
# \frac{\partial L_i}{\partial s_k} = p_k - [k = y_i].$$

# %%
cat = scores[0]
probabilities = dc.softmax(cat)
print("exp     ", np.exp(cat).round(2))
print("softmax ", probabilities.round(4))
print("loss    ", round(dc.losses.softmax_cross_entropy(cat, 0), 6))

assert np.allclose(np.exp(cat), [24.53253019710935, 164.02190729990176, 0.18268352405273466], rtol=4e-16)
assert np.allclose(probabilities, [0.1299825390171731, 0.8690495352082659, 0.0009679257745610437], rtol=1e-15)
assert np.isclose(dc.losses.softmax_cross_entropy(cat, 0), 2.0403551528001707, rtol=4e-16)
assert [round(float(e), 2) for e in np.exp(cat)] == [24.53, 164.02, 0.18]  # the slides print 24.5, 164.0, 0.18
assert [round(float(p), 2) for p in probabilities] == [0.13, 0.87, 0.0]

# %% [markdown]
# **Which logarithm?** The slides print 0.89 for this loss: they took the logarithm to base 10. In machine learning,
# and here, $\log$ is the natural one, 2.04; only then is the gradient $p - y$ without a factor.

# %%
print("base 10:", round(-np.log10(probabilities[0]), 4), "  natural:", round(-np.log(probabilities[0]), 4))
assert np.isclose(-np.log10(probabilities[0]), 0.8861149839839804, rtol=1e-15)
assert round(-np.log10(probabilities[0]), 2) == 0.89 and round(-np.log(probabilities[0]), 2) == 2.04

gradient = dc.gradient(lambda s: dc.losses.softmax_cross_entropy(s, 0))(cat)
print("gradient:", gradient)
assert np.allclose(gradient, [-0.870017460982827, 0.8690495352082659, 0.0009679257745610437], rtol=1e-15)
assert np.allclose(gradient, probabilities - np.array([1.0, 0.0, 0.0]), rtol=1e-15)

# %% [markdown]
# ## Side by side
#
# One picture, scores $(-2.85, 0.86, 0.28)$, right class 2. The SVM sees one class too close and leaves the other
# alone. The cross-entropy is never content: every class has a part in its gradient.

# %%
s, label = np.array([-2.85, 0.86, 0.28]), 2
hinge, hinge_gradient = dc.value_and_gradient(lambda s: dc.losses.hinge(s, label))(s)
entropy, entropy_gradient = dc.value_and_gradient(lambda s: dc.losses.softmax_cross_entropy(s, label))(s)
print(f"SVM            {hinge:.4f}  gradient {hinge_gradient}")
print(f"cross-entropy  {entropy:.4f}  gradient {entropy_gradient.round(4)}")

assert np.isclose(hinge, 1.58, rtol=4e-16) and hinge_gradient.tolist() == [0.0, 1.0, -1.0]
assert np.allclose(np.exp(s), [0.05784432087483846, 2.3631606937057947, 1.3231298123374369], rtol=4e-16)
assert np.allclose(dc.softmax(s), [0.015449315676073602, 0.6311633536047088, 0.3533873307192177], rtol=1e-15)
assert np.isclose(entropy, 1.0401905694301083, rtol=1e-15)
assert np.isclose(entropy / np.log(10.0), 0.4517490244312974, rtol=1e-15)  # 0.452 on the slides, to base 10
assert np.allclose(entropy_gradient, [0.015449315676073602, 0.6311633536047088, -0.6466126692807823], rtol=1e-15)
assert [round(float(e), 3) for e in np.exp(s)[:1]] == [0.058] and np.exp(s)[1:].round(2).tolist() == [2.36, 1.32]
assert dc.softmax(s).round(3).tolist() == [0.015, 0.631, 0.353]  # the slides print 0.016, from rounded exponentials
assert abs(0.058 / (0.058 + 2.36 + 1.32) - 0.016) < 5e-4 and round(entropy, 2) == 1.04

# %%
right_score = np.linspace(-3.0, 5.0, 401)
with_score = np.stack([np.full(401, -2.85), np.full(401, 0.86), right_score], axis=1)
kinds = {"SVM": dc.losses.hinge, "cross-entropy": dc.losses.softmax_cross_entropy}

figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.6), layout="constrained")
for (name, loss), color in zip(kinds.items(), ["#0072b2", "#d55e00"], strict=True):
    value = loss(with_score, np.full(401, label), reduction="none")
    slope = dc.gradient(lambda s, loss=loss: loss(s, np.full(401, label), reduction="sum"))(with_score)[:, label]
    left.plot(right_score, value, color=color, label=name)
    right.plot(right_score, slope, color=color, label=name)
for axes in (left, right):
    axes.axvline(0.28, color="0.6", linestyle=":", linewidth=1)
    axes.set_xlabel("score of the right class")
left.set_title("loss")
right.set_title("derivative by the score of the right class")
left.legend(frameon=False)
plt.show()

# %% [markdown]
# The SVM's curve is made of straight pieces, with kinks where a class comes into the margin; to the right of the last
# kink it is satisfied. The cross-entropy is smooth and pulls for ever, ever more weakly.
#
# ## Written with care
#
# $e^{1000}$ is infinite in floating point. The textbook formula divides infinity by infinity; subtracting the largest
# score first changes nothing in mathematics and everything here. At the other end, a picture that is certainly right
# has a loss of $2 \cdot 10^{-22}$, which $1 + 2 \cdot 10^{-22} = 1$ would swallow.


# %%
def textbook(s):
    return -np.log(np.exp(s[0]) / np.sum(np.exp(s)))


for s in (np.array([1000.0, 0.0]), np.array([0.0, 1000.0]), np.array([0.0, -50.0])):
    with np.errstate(all="ignore"):
        plain = textbook(s) + 0.0
        plain_gradient = dc.gradient(textbook)(s)
    value, gradient = dc.value_and_gradient(lambda s: dc.losses.softmax_cross_entropy(s, 0))(s)
    print(f"scores {s!s:14}  textbook {plain:8.3g} {plain_gradient!s:16}   stable {value:10.4g} {gradient}")

stable = dc.reference_gradient(lambda s: dc.losses.softmax_cross_entropy(s, 0), at=(np.array([0.0, -50.0]),))
assert np.isclose(value, stable.value, rtol=1e-15) and np.allclose(gradient, stable.gradient, rtol=1e-15, atol=0)
assert plain == 0.0 and value > 0

# %% [markdown]
# ## Pictures of digits
#
# 1,797 pictures of 8 × 8 pixels, written by 13 people: E. Alpaydin and C. Kaynak, *Optical Recognition of Handwritten
# Digits*, UCI Machine Learning Repository 1998, doi:10.24432/C50P49 (CC BY 4.0), as they come with the package. 1,400
# are for training, the other 397 for judging.

# %%
pictures, classes = digits(1797, "this notebook")
order = np.random.default_rng(0).permutation(1797)
pictures, classes = pictures[order], classes[order]
train, train_labels, test, test_labels = pictures[:1400], classes[:1400], pictures[1400:], classes[1400:]

figure, panels = plt.subplots(2, 10, figsize=(10, 2.4), layout="constrained")
for panel, picture, number in zip(panels.flat, train, train_labels, strict=False):
    panel.imshow(picture.reshape(8, 8), cmap="gray_r")
    panel.set_title(str(number), fontsize=9)
    panel.axis("off")
plt.show()
assert train.shape == (1400, 64) and test.shape == (397, 64)

# %% [markdown]
# The mean of a loss over the pictures, plus a little of $\|W\|^2$ (a *regulariser*: of two classifiers that do equally
# well, the smaller weights are preferred). Reverse mode gives the gradient by $W$ and $b$; the optimiser takes batches
# of 64 pictures.


# %%
def objective(loss):
    return lambda weights, bias, x, y: loss(x @ weights + bias, y) + dc.losses.l2(weights, strength=1e-3)


zero = (np.zeros((64, 10)), np.zeros(10))
histories = {}
for name, loss in kinds.items():
    train_step = dc.value_and_gradient(objective(loss), wrt=(0, 1))
    batches = dc.optimize.minibatches(train, train_labels, size=64, generator=1, drop_last=True)
    histories[name] = dc.optimize.sgd(train_step, zero, batches, learning_rate=0.2, steps=1200)


def right_share(parameters, x, y):
    weights, bias = parameters
    return np.mean((x @ weights + bias).argmax(axis=1) == y)


for name, history in histories.items():
    share = right_share(history.x, test, test_labels)
    print(f"{name:14} first loss {history.losses[0]:.4f}, last {history.loss:.4f}, right on new pictures: {share:.1%}")
    assert share > 0.94
assert histories["SVM"].losses[0] == 9.0  # nine other classes, each short of the margin by 1
assert np.isclose(histories["cross-entropy"].losses[0], np.log(10.0), rtol=1e-15)  # a guess among ten

# %%
figure, axes = plt.subplots(figsize=(8, 3.4), layout="constrained")
for (name, history), color in zip(histories.items(), ["#0072b2", "#d55e00"], strict=True):
    smooth = np.convolve(history.losses, np.ones(20) / 20, mode="valid")
    axes.plot(history.losses, color=color, alpha=0.25, linewidth=0.8)
    axes.plot(np.arange(len(smooth)) + 10, smooth, color=color, label=name)
axes.set(yscale="log", xlabel="steps", ylabel="loss of the batch", title="Faint: each batch; strong: mean of 20")
axes.legend(frameon=False)
plt.show()

# %% [markdown]
# ## What the weights look like
#
# Each column of $W$ has one number a pixel, so it is a picture too: ink on a red pixel speaks for the class, ink on a
# blue one against it.

# %%
figure, panels = plt.subplots(2, 10, figsize=(10, 2.7), layout="constrained")
for row, (name, history) in zip(panels, histories.items(), strict=True):
    weights = history.x[0]
    for panel, column, number in zip(row, weights.T, range(10), strict=True):
        panel.imshow(column.reshape(8, 8), cmap="RdBu_r", vmin=-1.5, vmax=1.5)
        panel.set_title(f"{number}", fontsize=9)
        panel.set(xticks=[], yticks=[])
    row[0].set_ylabel(name, fontsize=9)
plt.show()

# %% [markdown]
# And where do they err? Rows are the right digits, columns the answers of the cross-entropy's classifier.

# %%
weights, bias = histories["cross-entropy"].x
answers = (test @ weights + bias).argmax(axis=1)
confusion = np.zeros((10, 10), int)
np.add.at(confusion, (test_labels, answers), 1)

figure, axes = plt.subplots(figsize=(4.2, 4.0), layout="constrained")
off = np.where(np.eye(10, dtype=bool), 0, confusion)
axes.imshow(off, cmap="Reds", vmax=8)
for i, j in np.argwhere(confusion):
    axes.text(j, i, confusion[i, j], ha="center", va="center", fontsize=8, color="0.6" if i == j else "black")
axes.set(xlabel="answer", ylabel="right digit", xticks=range(10), yticks=range(10))
plt.show()
assert confusion.sum() == 397 and np.trace(confusion) == round(397 * right_share((weights, bias), test, test_labels))

# %% [markdown]
# ## Exercises
#
# Replace the dots, run the cell, and read what the checker says. The last cell holds the solutions.
#
# **1.** The gradient of the mean cross-entropy of the digits by $W$, without a regulariser, as NumPy code: a function
# of `weights`, `bias`, pictures `x` and labels `y`. (`dc.softmax(scores, axis=1)` gives the probabilities.)

# %%
gradient_1 = ...


def check_1(gradient):
    if gradient is ...:
        return "1: replace the dots by a function of weights, bias, x, y."
    x, y = train[:20], train_labels[:20]
    start = np.random.default_rng(0).normal(size=(64, 10))
    found = dc.check_gradient(
        lambda w: dc.losses.softmax_cross_entropy(x @ w + bias, y), lambda w: gradient(w, bias, x, y), at=start
    )
    if found.verdict == "correct":
        return "1: right."
    return f"1: not yet: {found.likely_fault or found.verdict}."


check_1(gradient_1)

# %% [markdown]
# **2.** Both losses when all scores are 0 and there are $C = 100$ classes.

# %%
svm_2, entropy_2 = ..., ...


def check_2(svm, entropy):
    if svm is ... or entropy is ...:
        return "2: replace the dots by two numbers."
    zeros = np.zeros(100)
    if not np.isclose(svm, dc.losses.hinge(zeros, 7)):
        return "2: the SVM's: how many classes are not the right one, and what does each of them cost?"
    if not np.isclose(entropy, dc.losses.softmax_cross_entropy(zeros, 7)):
        return "2: the cross-entropy: every class has the probability 1/100."
    return "2: right. A first loss that is far from this means a mistake in the program."


check_2(svm_2, entropy_2)

# %% [markdown]
# **3.** All scores of a picture are doubled, and its SVM loss was 0. What is the SVM loss now, and does the
# cross-entropy rise or fall?

# %%
svm_3, entropy_3 = ..., ...  # a number, and "rises" or "falls"


def check_3(svm, entropy):
    if svm is ... or entropy is ...:
        return "3: replace the dots by a number and a word."
    if svm != 0:
        return "3: every lead was 1 or more; doubled, it is 2 or more."
    if entropy != "falls":
        return "3: every lead over the others becomes larger, so the right probability grows."
    return "3: right. The loss alone does not fix the size of the weights; a regulariser does."


check_3(svm_3, entropy_3)

# %% [markdown]
# Solutions, and what the checker says to some wrong answers:


# %% jupyter={"source_hidden": true} tags=["solution"]
def solution_1(weights, bias, x, y):
    apart = dc.softmax(x @ weights + bias, axis=1)
    apart[np.arange(len(y)), y] -= 1.0
    return x.T @ apart / len(y)


print(check_1(solution_1))
print(check_2(99.0, np.log(100.0)))
print(check_3(0.0, "falls"))
assert check_1(solution_1).startswith("1: right")
assert check_2(99.0, np.log(100.0)).startswith("2: right")
assert check_3(0.0, "falls").startswith("3: right")
assert check_1(lambda w, b, x, y: len(y) * solution_1(w, b, x, y)).startswith("1: not yet")
assert "not the right one" in check_2(100.0, 0.0) and "1/100" in check_2(99.0, 2.0)
