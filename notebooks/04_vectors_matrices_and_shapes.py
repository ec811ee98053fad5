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
# # 04 · Vectors, matrices and shapes
#
# You will learn
#
# - what the derivative of a vector by a vector is: the Jacobian, and why backpropagation never builds it;
# - the gradients of matrix calculus, $A x$, $x^\mathsf{T} A$, $x^\mathsf{T} A x$, $\|x\|^2$, as formulas and as
#   numbers;
# - to find the derivative of a matrix product by its shapes alone;
# - the layers of a network, one by one: linear, tanh, ReLU, squared cost;
# - why a gradient has the shape of what it belongs to, also where shapes were broadcast.

# %%
import matplotlib.pyplot as plt
import numpy as np

import diffcompare as dc

# %config InlineBackend.figure_formats = ["retina"]
generator = np.random.default_rng(7)

# %% [markdown]
# ## The gradient of a number by a vector
#
# A function of a vector has one partial derivative an entry; together they are a vector of the same shape. For $y =
# 2\, x^\mathsf{T} x = 2 \sum_i x_i^2$ each is $\partial y / \partial x_i = 4 x_i$.

# %%
x = np.arange(4.0)
value, gradient = dc.value_and_gradient(lambda x: 2 * np.dot(x, x))(x)
print(value, gradient)
assert value == 28.0
assert gradient.tolist() == [0.0, 4.0, 8.0, 12.0]
assert np.all(gradient == 4 * x)

# %% [markdown]
# The chain rule goes on as with numbers. With a constant $a = 2$, $(y - a)^2$ has the gradient $2 (y - a) \cdot
# 4x$:

# %%
value, gradient = dc.value_and_gradient(lambda x: (2 * np.dot(x, x) - 2) ** 2)(x)
print(value, gradient)
assert value == 676.0
assert gradient.tolist() == [0.0, 208.0, 416.0, 624.0]

# %% [markdown]
# If $a = \sum_i x_i$ is no constant but depends on $x$ too, its way back adds: $2\,(y - a)\,(4x - 1)$. Notebook 11
# shows how to cut that way (`detach`), and what it is good for: with $a$ held at its value 6, the gradient is
# $2\,(y - a) \cdot 4x$.


# %%
def attached(x):
    return (2 * np.dot(x, x) - np.sum(x)) ** 2


def detached(x):
    return (2 * np.dot(x, x) - dc.stop_gradient(np.sum(x))) ** 2


value, gradient = dc.value_and_gradient(attached)(x)
print("attached:", value, gradient)
assert value == 484.0
assert gradient.tolist() == [-44.0, 132.0, 308.0, 484.0]

value, gradient = dc.value_and_gradient(detached)(x)
print("detached:", value, gradient)
assert value == 484.0
assert gradient.tolist() == [0.0, 176.0, 352.0, 528.0]

# %% [markdown]
# ## The Jacobian of a vector by a vector
#
# A function from $n$ numbers to $m$ numbers has $m n$ partial derivatives. The **Jacobian** holds them: entry $[i,
# j]$ is $\partial y_i / \partial x_j$, one row an output, one column an input.


# %%
def polar_to_plane(p):
    radius, angle = p[0], p[1]
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)])


jacobian = dc.jacobian(polar_to_plane)(np.array([2.0, np.pi / 3]))
print(jacobian)
by_hand = [[np.cos(np.pi / 3), -2 * np.sin(np.pi / 3)], [np.sin(np.pi / 3), 2 * np.cos(np.pi / 3)]]
assert np.allclose(jacobian, by_hand, rtol=1e-14)
assert np.isclose(np.linalg.det(jacobian), 2.0)  # areas grow by the radius

# %% [markdown]
# The Jacobian of one layer after another is the *product* of their Jacobians: the chain rule. Layers have Jacobians
# with structure. A linear layer's is its matrix; a pointwise layer's is diagonal, because output $i$ depends on
# input $i$ only.

# %%
W, x = generator.normal(size=(6, 8)), 0.5 * generator.normal(size=8)
layers = {
    "linear: $W x$": (lambda x: W @ x, x),
    "pointwise: tanh": (np.tanh, W @ x),
    "pointwise: ReLU": (dc.relu, W @ x),
    "both: tanh$(W x)$": (lambda x: np.tanh(W @ x), x),
}
found = {name: dc.jacobian(layer)(point) for name, (layer, point) in layers.items()}

figure, axes = plt.subplots(1, 4, figsize=(12, 3), layout="constrained")
for panel, (name, matrix) in zip(axes, found.items(), strict=True):
    image = panel.imshow(matrix, cmap="RdBu_r", vmin=-2, vmax=2)
    panel.set(title=f"{name}\n{matrix.shape[0]} × {matrix.shape[1]}", xlabel="input $j$")
    panel.set(xticks=[], yticks=[])
axes[0].set_ylabel("output $i$")
figure.colorbar(image, ax=axes, label=r"$\partial y_i / \partial x_j$")
plt.show()

linear, tanh, relu, both = found.values()
assert np.allclose(linear, W, rtol=1e-14)
assert np.allclose(tanh, np.diag(1 - np.tanh(W @ x) ** 2), rtol=1e-12)
assert np.array_equal(relu, np.diag((W @ x > 0).astype(float)))
assert np.allclose(both, tanh @ linear, rtol=1e-12)  # the chain rule

# %% [markdown]
# Backpropagation multiplies a row vector (what comes back) by one Jacobian after another, from the output on, and
# never writes a Jacobian down. A layer of a thousand units would have a million entries, of which tanh needs a
# thousand. `dc.vjp` is that product: the cotangent $\bar y$ goes in, $J^\mathsf{T} \bar y$ comes out.

# %%
y_bar = generator.normal(size=6)
value, pull = dc.vjp(lambda x: np.tanh(W @ x), x)
(x_bar,) = pull(y_bar)
assert np.allclose(x_bar, both.T @ y_bar, rtol=1e-12)
assert np.allclose(x_bar, W.T @ ((1 - value**2) * y_bar), rtol=1e-12)  # two small steps, no 6 x 8 matrix of tanh

# %% [markdown]
# ## Gradients of matrix calculus
#
# For functions made of matrix products there are formulas in matrices themselves, by SymPy's matrix rules. They are
# written in the layout of the lectures: the gradient of $A x$, a vector, has one *column* an output, and is the
# transpose of the Jacobian. Every vector is a column; the row $x^\mathsf{T} A$ is shown as the column $A^\mathsf{T} x$.

# %%
A, S = generator.normal(size=(3, 4)), generator.normal(size=(4, 4))
x, y = generator.normal(size=4), generator.normal(size=3)

dc.matrix_gradient(lambda x, A: A @ x, x, A, wrt=0)

# %%
dc.matrix_gradient(lambda x, A: x.T @ A, y, A, wrt=0)

# %%
dc.matrix_gradient(lambda x, A: x.T @ A @ x, x, S)

# %%
dc.matrix_gradient(lambda x: np.sum(x**2), x)

# %%
cost = dc.matrix_gradient(lambda W, x, y: np.sum((W @ x - y) ** 2) / 2, A, x, y)
cost

# %% [markdown]
# Beside the numbers, which come from the formula on one side and from the reverse mode on the other. The two share
# no rule.

# %%
beside = cost.beside_reverse(A, x, y)
assert beside.largest < 1e-14
beside

# %%
formulas = {
    "A x": (dc.matrix_gradient(lambda x, A: A @ x, x, A, wrt=0), (x, A), "A.T", A.T),
    "x^T A": (dc.matrix_gradient(lambda x, A: x.T @ A, y, A, wrt=0), (y, A), "A", A),
    "x^T A x": (dc.matrix_gradient(lambda x, A: x.T @ A @ x, x, S, wrt=0), (x, S), "A*x + A.T*x", (S + S.T) @ x),
    "|x|^2": (dc.matrix_gradient(lambda x: np.sum(x**2), x), (x,), "2*x", 2 * x),
    "tr(A B)": (dc.matrix_gradient(lambda A, B: np.trace(A @ B), S, S, wrt=0), (S, S), "B.T", S.T),
    "|A| (Frobenius)": (dc.matrix_gradient(lambda A: np.linalg.norm(A), A), (A,), "1/|A|*A", A / np.linalg.norm(A)),
}
print(f"{'function':18}{'gradient':16}largest difference from the reverse mode")
for name, (formula, at, text, by_hand) in formulas.items():
    assert list(formula.gradients.values()) == [text]
    assert np.allclose(formula(*at)[0], by_hand, rtol=1e-13)
    print(f"{name:18}{text:16}{formula.beside_reverse(*at).largest:.1e}")

# %% [markdown]
# ## Shapes tell the formula
#
# Let $D = W X$ with $W$ of shape (5, 10) and $X$ of shape (10, 3), and let $\bar D$, of D's shape (5, 3), come
# back. The derivatives are products of $\bar D$ with the other factor. There is only one way to make the shapes
# fit:
#
# $$\bar W_{(5, 10)} = \bar D_{(5, 3)}\; X^\mathsf{T}_{(3, 10)}, \qquad
# \bar X_{(10, 3)} = W^\mathsf{T}_{(10, 5)}\; \bar D_{(5, 3)} .$$

# %%
W, X = generator.normal(size=(5, 10)), generator.normal(size=(10, 3))
D_bar = generator.normal(size=(5, 3))
_, pull = dc.vjp(lambda W, X: W @ X, W, X)
W_bar, X_bar = pull(D_bar)

assert W_bar.shape == W.shape and np.allclose(W_bar, D_bar @ X.T, rtol=1e-12, atol=1e-14)
assert X_bar.shape == X.shape and np.allclose(X_bar, W.T @ D_bar, rtol=1e-12, atol=1e-14)

# %% [markdown]
# The same by a formula, through the number $\langle \bar D, W X \rangle = \sum_{ij} \bar D_{ij} (W X)_{ij}$:

# %%
dc.matrix_gradient(lambda W, X, D: np.sum(D * (W @ X)), W, X, D_bar, wrt=(0, 1))

# %% [markdown]
# ## A layer with everything
#
# A batch of 5 examples (rows), a linear layer with a bias, tanh, a second layer, and the squared cost. Arrays flow
# through the circuit as numbers did in notebook 03; each is drawn with its shape.


# %%
@dc.function
def network(W1, b1, w2, X, t):
    hidden = np.tanh(X @ W1 + b1)
    return np.sum((hidden @ w2 - t) ** 2) / 2


W1, b1, w2 = generator.normal(size=(3, 4)), generator.normal(size=4), generator.normal(size=4)
X, t = generator.normal(size=(5, 3)), generator.normal(size=5)
network.draw(at=(W1, b1, w2, X, t))

# %% [markdown]
# Backward by hand, layer by layer. Every derivative has the shape of its variable. The bias was *broadcast*: one
# row of 4 was added to 5 rows, which is a fork into 5, so what comes back from them adds.

# %%
# forward
linear = X @ W1 + b1  # (5, 3) (3, 4) + (4,) -> (5, 4)
hidden = np.tanh(linear)  # (5, 4)
output = hidden @ w2  # (5,)
cost = np.sum((output - t) ** 2) / 2

# backward
output_bar = output - t  # (5,)
w2_bar = hidden.T @ output_bar  # (4, 5) (5,) -> (4,)
hidden_bar = np.outer(output_bar, w2)  # (5, 4)
linear_bar = (1 - hidden**2) * hidden_bar  # pointwise: no matrix product
W1_bar = X.T @ linear_bar  # (3, 5) (5, 4) -> (3, 4)
b1_bar = np.sum(linear_bar, axis=0)  # five copies of the bias add up -> (4,)

value, gradients = dc.value_and_gradient(network, wrt=(0, 1, 2))(W1, b1, w2, X, t)
assert np.isclose(value, cost, rtol=1e-14)
for name, machine, by_hand in zip(("W1", "b1", "w2"), gradients, (W1_bar, b1_bar, w2_bar), strict=True):
    assert machine.shape == by_hand.shape and np.allclose(machine, by_hand, rtol=1e-12, atol=1e-14)
    print(f"{name}: shape {machine.shape}, by hand and by machine to {np.abs(machine - by_hand).max():.0e}")

# %% [markdown]
# With ReLU in the place of tanh only one line changes: $\bar z = [z > 0]\, \bar h$. Where a unit is below zero for
# every example, its weights receive nothing: it is dead, and no gradient step will wake it.

# %%
bias = np.array([1.0, 1.0, 1.0, -50.0])  # pushes the last unit below zero for every example
by_weights = dc.gradient(lambda W: np.sum((dc.relu(X @ W + bias) @ w2 - t) ** 2) / 2)(W1)
mask = X @ W1 + bias > 0
by_hand = X.T @ (mask * np.outer(dc.relu(X @ W1 + bias) @ w2 - t, w2))
assert np.allclose(by_weights, by_hand, rtol=1e-12, atol=1e-14)
assert np.all(by_weights[:, 3] == 0.0) and np.all(by_weights[:, :3] != 0.0)
print(np.array2string(by_weights, precision=3, suppress_small=True))

# %% [markdown]
# ## Exercises
#
# **1.** $X$ has shape (100, 20), $W$ has shape (20, 7). What are the shapes of $Y = X W$, of what comes back to it,
# and of the gradients of $X$ and $W$?

# %%
shapes_1 = ...  # {"Y": (..., ...), "Y_bar": ..., "X_bar": ..., "W_bar": ...}


def check_1(shapes):
    if shapes is ...:
        return "1: replace the dots by a dict with the keys Y, Y_bar, X_bar, W_bar."
    right = {"Y": (100, 7), "Y_bar": (100, 7), "X_bar": (100, 20), "W_bar": (20, 7)}
    wrong = [name for name, shape in right.items() if shapes.get(name) != shape]
    if wrong:
        return f"1: {wrong[0]} is not right. What comes back has the shape of what it comes back to."
    return "1: right."


check_1(shapes_1)

# %% [markdown]
# **2.** For $Y = X W$ and $\bar Y$ coming back, write the gradient of $W$ with one matrix product.

# %%
weights_2 = ...  # lambda X, W, Y_bar: ...


def check_2(weights):
    if weights is ...:
        return "2: replace the dots by a function of X, W and Y_bar."
    X, W, Y_bar = generator.normal(size=(6, 3)), generator.normal(size=(3, 2)), generator.normal(size=(6, 2))
    try:
        found = weights(X, W, Y_bar)
    except ValueError as error:
        return f"2: the shapes do not fit: {error}"
    if found.shape != W.shape:
        return f"2: the shape is {found.shape}, but W has shape {W.shape}."
    if not np.allclose(found, X.T @ Y_bar):
        return "2: the shape is right, the numbers are not: X and Y_bar are all that is needed."
    return "2: right. The shapes left no other way."


check_2(weights_2)

# %% [markdown]
# **3.** The gradient of $x^\mathsf{T} A x + b^\mathsf{T} x$ by $x$, as a function; and what does it become for a
# symmetric $A$?

# %%
gradient_3 = ...  # lambda x, A, b: ...


def check_3(gradient):
    if gradient is ...:
        return "3: replace the dots by a function of x, A and b."
    x, A, b = generator.normal(size=3), generator.normal(size=(3, 3)), generator.normal(size=3)
    found = gradient(x, A, b)
    if np.allclose(found, 2 * A @ x + b):
        return "3: right for a symmetric A only. For another one, both A and A.T take part."
    check = dc.check_gradient(lambda x: x @ A @ x + b @ x, found, at=x)
    return (
        "3: right; for a symmetric A it is 2 A x + b."
        if check.verdict == "correct"
        else f"3: {check.likely_fault or 'wrong'}."
    )


check_3(gradient_3)

# %% [markdown]
# Solutions, and what the checker says to some wrong answers:

# %% jupyter={"source_hidden": true} tags=["solution"]
right_1 = {"Y": (100, 7), "Y_bar": (100, 7), "X_bar": (100, 20), "W_bar": (20, 7)}
print(check_1(right_1))
print(check_2(lambda X, W, Y_bar: X.T @ Y_bar))
print(check_3(lambda x, A, b: (A + A.T) @ x + b))
assert check_1(right_1).startswith("1: right") and check_2(lambda X, W, Y_bar: X.T @ Y_bar).startswith("2: right")
assert check_3(lambda x, A, b: (A + A.T) @ x + b).startswith("3: right;")
assert "W_bar" in check_1({**right_1, "W_bar": (7, 20)}) and "do not fit" in check_2(lambda X, W, Y_bar: X @ Y_bar)
assert "shape is" in check_2(lambda X, W, Y_bar: Y_bar.T @ X) and "symmetric A only" in check_3(
    lambda x, A, b: 2 * A @ x + b
)
