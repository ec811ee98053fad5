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
# # 03 · Backpropagation on circuits, by hand and by machine
#
# You will learn
#
# - to read an expression as a circuit of gates, and to run it forward (values) and backward (derivatives);
# - the chain rule as local work: a gate multiplies what comes back by its own partial derivatives;
# - what gates do to a gradient: add distributes, max routes, multiply switches;
# - that gradients add where a wire forks, and that gates may be grouped or split as one likes;
# - to do all this by hand in a few lines of Python, and to hold it against the machine.

# %%
import numpy as np

import diffcompare as dc

# %% [markdown]
# ## A circuit of two gates
#
# $f(x, y, z) = (x + y)\,z$ is an addition followed by a multiplication. With a name for the wire between them,
#
# $$q = x + y, \qquad f = q z, \qquad\text{so}\qquad
# \frac{\partial f}{\partial q} = z, \quad \frac{\partial f}{\partial z} = q, \quad
# \frac{\partial q}{\partial x} = \frac{\partial q}{\partial y} = 1,$$
#
# and the chain rule multiplies: $\dfrac{\partial f}{\partial x} = \dfrac{\partial f}{\partial q} \dfrac{\partial
# q}{\partial x}$. By hand, at $x = -2$, $y = 5$, $z = -4$:

# %%
x, y, z = -2.0, 5.0, -4.0

# forward: values, from the inputs to the output
q = x + y
f = q * z

# backward: derivatives of f, from the output to the inputs
df = 1.0
dq = z * df
dz = q * df
dx = 1.0 * dq
dy = 1.0 * dq

print(f"f = {f},  df/dx = {dx},  df/dy = {dy},  df/dz = {dz}")
assert f == -12.0
assert (dx, dy, dz) == (-4.0, -4.0, 3.0)

# %% [markdown]
# The same as a picture. Above each wire stands its value, below it the derivative of the output by that wire.


# %%
@dc.function
def product_of_sum(x, y, z):
    return (x + y) * z


product_of_sum.draw(at=(-2, 5, -4))

# %%
assert dc.value_and_gradient(product_of_sum)(-2.0, 5.0, -4.0) == (-12.0, (-4.0, -4.0, 3.0))

# %% [markdown]
# Step by step, with the buttons or the arrow keys. Each step says what one gate does:

# %%
drawing = product_of_sum.draw(at=(-2, 5, -4), steps=True)
drawing

# %% [markdown]
# And as formulas: the operation of each gate, its local partial derivatives, and what it sends back. A bar marks
# the derivative of the output by that wire.

# %%
product_of_sum.draw(at=(-2, 5, -4)).rules()

# %% [markdown]
# ## What gates do to a gradient
#
# - **add distributes**: both inputs receive what the sum receives;
# - **max routes**: the larger input receives all of it, the other nothing;
# - **multiply switches**: each input receives it times the value of the *other* input.


# %%
@dc.function
def gates(x, y, z, w):
    return 2 * (x * y + np.maximum(z, w))


gates.draw(at=(3, -4, 2, -1))

# %%
by_x, by_y, by_z, by_w = dc.gradient(gates)(3.0, -4.0, 2.0, -1.0)
above = 2.0  # what the sum, and hence each of its inputs, receives
assert (by_x, by_y) == (above * -4.0, above * 3.0)  # switched
assert (by_z, by_w) == (above, 0.0)  # routed to z, which is larger

# %% [markdown]
# Multiplication has a consequence for learning: if one input is large, the gradient of the *other* is large. A
# linear classifier multiplies weights by data, so the scale of the data sets the scale of the gradient of the
# weights.

# %%
for scale in (1.0, 1000.0):
    by_weight = dc.gradient(lambda w, x: w * x, wrt=0)(0.5, 3.0 * scale)
    print(f"data scaled by {scale:6.0f}: the gradient of the weight is {by_weight:.0f}")
assert dc.gradient(lambda w, x: w * x, wrt=0)(0.5, 3000.0) == 3000.0

# %% [markdown]
# ## A neuron: gates grouped and split
#
# A neuron with two inputs and a sigmoid, $f(w, x) = \sigma(w_0 x_0 + w_1 x_1 + w_2)$ with $\sigma(t) = 1 / (1 +
# e^{-t})$. Written out, the sigmoid is four gates: negate, exponential, add one, reciprocal.


# %%
@dc.function
def neuron(w0, x0, w1, x1, w2):
    return 1 / (1 + np.exp(-(w0 * x0 + w1 * x1 + w2)))


at = {"w0": 2, "x0": -1, "w1": -3, "x1": -2, "w2": -3}
neuron.draw(at=at)

# %% [markdown]
# Four gates of which nobody needs the inside may be one gate, if its derivative is known. For the sigmoid it is
# simple:
#
# $$\sigma'(t) = \frac{e^{-t}}{(1 + e^{-t})^2} = \bigl(1 - \sigma(t)\bigr)\,\sigma(t) .$$

# %%
neuron.draw(at=at, groups="closed", partials=True)

# %% [markdown]
# The lecture rounds to two digits: output 0.73, derivative 0.2 before the sigmoid. With all digits, by hand:

# %%
w, x = [2.0, -3.0, -3.0], [-1.0, -2.0]

dot = w[0] * x[0] + w[1] * x[1] + w[2]
out = 1.0 / (1.0 + np.exp(-dot))
ddot = (1 - out) * out
dx = [w[0] * ddot, w[1] * ddot]
dw = [x[0] * ddot, x[1] * ddot, 1.0 * ddot]

assert dot == 1.0
assert np.isclose(out, 0.7310585786300049, rtol=1e-15)
assert np.isclose(ddot, 0.19661193324148185, rtol=1e-15)
assert np.allclose(dw, [-0.19661193324148185, -0.3932238664829637, 0.19661193324148185], rtol=1e-15)
assert np.allclose(dx, [0.3932238664829637, -0.5898357997244456], rtol=1e-15)
assert (round(out, 2), round(ddot, 2)) == (0.73, 0.2)
assert [round(d, 2) for d in dx] == [0.39, -0.59]
assert [round(d, 2) for d in dw] == [-0.2, -0.39, 0.2]

machine = dict(zip(neuron.names, dc.gradient(neuron)(2.0, -1.0, -3.0, -2.0, -3.0), strict=True))
assert np.allclose([machine["w0"], machine["w1"], machine["w2"]], dw, rtol=1e-14)
assert np.allclose([machine["x0"], machine["x1"]], dx, rtol=1e-14)
{name: round(value, 4) for name, value in machine.items()}

# %% [markdown]
# ## Forks: gradients add
#
# If a wire goes to several gates, the output depends on it in several ways, and the derivatives along all of them
# add. The function
#
# $$f(x, y) = \frac{x + \sigma(y)}{\sigma(x) + (x + y)^2}$$
#
# is useless but good practice: nobody wants to differentiate it in one piece, and $x$ is used three times, $y$
# twice.


# %%
@dc.function
def staged(x, y):
    return (x + dc.sigmoid(y)) / (dc.sigmoid(x) + (x + y) ** 2)


staged.draw(at=(3, -4))

# %% [markdown]
# By hand, in stages. Each line of the forward pass has its lines in the backward pass, in reverse order; a variable
# that is used again *adds* to its derivative (`+=`).

# %%
x, y = 3.0, -4.0

# forward
sigy = 1.0 / (1 + np.exp(-y))
num = x + sigy
sigx = 1.0 / (1 + np.exp(-x))
xpy = x + y
xpysqr = xpy**2
den = sigx + xpysqr
invden = 1.0 / den
f = num * invden

# backward
dnum = invden
dinvden = num
dden = (-1.0 / den**2) * dinvden
dsigx = 1.0 * dden
dxpysqr = 1.0 * dden
dxpy = (2 * xpy) * dxpysqr
dx = 1.0 * dxpy
dy = 1.0 * dxpy
dx += ((1 - sigx) * sigx) * dsigx  # += : x was used before
dx += 1.0 * dnum
dsigy = 1.0 * dnum
dy += ((1 - sigy) * sigy) * dsigy

print(f"f = {f:.16f},  df/dx = {dx:.16f},  df/dy = {dy:.16f}")
assert np.isclose(f, 1.5456448841066441, rtol=1e-15)
assert np.allclose([dx, dy], [2.059569795572165, 1.5922327514838093], rtol=1e-15)

value, gradient = dc.value_and_gradient(staged)(3.0, -4.0)
assert np.isclose(value, f, rtol=1e-15) and np.allclose(gradient, (dx, dy), rtol=1e-15)

# %% [markdown]
# The machine writes the same program: `tape` is the list of statements that reverse mode runs, values first, then
# derivatives.

# %%
print(staged.tape(3.0, -4.0))

# %% [markdown]
# What goes wrong with `=` in the place of `+=`? The derivative of one path only survives. A gradient check finds
# it:

# %%
check = dc.check_gradient(staged, lambda x, y: (dnum, dy), at=(3.0, -4.0))  # dx of the last path alone
assert check.verdict == "wrong" and check.worst.name == "x"
check

# %% [markdown]
# ## Why backward, and not forward?
#
# One backward pass gives the derivatives by *all* inputs, at a few times the cost of the value, however many inputs
# there are. A pass forward gives the derivatives of everything by *one* input. For a million weights and one loss,
# that is one pass against a million. The operations counted, value included:


# %%
def chain(n):
    """A function of n numbers with about 3 n operations."""
    return dc.function(lambda x: np.sum(np.sin(x[1:] * x[:-1])))


print("inputs    reverse: operations of value and gradient, over those of the value")
for n in (10, 100, 1000):
    swell = dc.expression_swell(chain(n), at=np.ones(n), seconds=0.01)
    tape = swell["reverse"][0]
    print(f"{n:6}    {tape:6} / {3 * (n - 1) - 1:5} = {tape / (3 * (n - 1) - 1):.2f}")
    assert tape < 4 * 3 * n  # at most four times the value's: Griewank and Walther, chapter 4

# %% [markdown]
# ## Exercises
#
# **1.** By hand: the gradient of $f(a, b, c) = \max(a b, c) + a$ at $(2, 3, 4)$.

# %%
gradient_1 = ...  # three numbers: (df/da, df/db, df/dc)


def check_1(gradient):
    if gradient is ...:
        return "1: replace the dots by three numbers."
    by_a, by_b, by_c = gradient
    if by_c != 0:
        return "1: a b = 6 is larger than c = 4, so max sends nothing to c."
    if by_b != 2:
        return "1: multiply switches: b receives the value of a."
    if by_a != 4:
        return "1: a is used twice: through the product it receives b = 3, and through the sum 1. They add."
    return "1: right."


check_1(gradient_1)

# %%
# A picture may help; here without derivatives.
dc.parse("max(a*b, c) + a").draw(at=(2, 3, 4), gradients=False)

# %% [markdown]
# **2.** Backward by hand, as a Python function of `x` and `y`: both derivatives of $g(x, y) = x\, e^{x y}$.

# %%
backward_2 = ...  # def backward_2(x, y): ... return dx, dy


def check_2(backward):
    if backward is ...:
        return "2: write a function of x and y that returns dx and dy."
    check = dc.check_gradient(lambda x, y: x * np.exp(x * y), backward, at=(0.8, -0.5))
    if check.verdict == "correct":
        return "2: right."
    forgotten = np.isclose(backward(0.8, -0.5)[0], 0.8 * -0.5 * np.exp(-0.4))
    hint = "x is used twice; add what comes back on both ways" if forgotten else check.likely_fault or check.verdict
    return f"2: not yet: {hint}."


check_2(backward_2)

# %% [markdown]
# **3.** If $w_0$ is 0, one input of the sigmoid neuron has derivative 0. Which one?

# %%
receiver_3 = ...  # the name of an input, as "w2"


def check_3(receiver):
    if receiver is ...:
        return "3: replace the dots by the name of an input."
    found = dict(zip(neuron.names, dc.gradient(neuron)(0.0, -1.0, -3.0, -2.0, -3.0), strict=True))
    if receiver not in found:
        return f"3: the inputs are {', '.join(found)}."
    if found[receiver] != 0:
        return f"3: {receiver} receives {found[receiver]:.3f}. Multiply switches: whose partner is w0?"
    return "3: right: the product w0 x0 sends w0 times something to x0."


check_3(receiver_3)

# %% [markdown]
# Solutions, and what the checker says to some wrong answers:


# %% jupyter={"source_hidden": true} tags=["solution"]
def solution_2(x, y):
    t = x * y
    e = np.exp(t)
    dx = e  # g = x e
    de = x
    dt = e * de
    dx += y * dt
    dy = x * dt
    return dx, dy


print(check_1((4, 2, 0)), check_2(solution_2), check_3("x0"), sep="\n")
assert all(": right" in answer for answer in (check_1((4, 2, 0)), check_2(solution_2), check_3("x0")))
assert "They add" in check_1((3, 2, 0)) and "switches" in check_1((4, 3, 0)) and "max" in check_1((4, 2, 1))
assert "both ways" in check_2(lambda x, y: (x * y * np.exp(x * y), x * x * np.exp(x * y)))
assert "partner" in check_3("w0")
