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
# # 05 · Symbolic, numerical, automatic
#
# You will learn
#
# - the three ways of differentiating, on one expression: what each of them sees, and what it gives back;
# - to read a comparison: correct digits, preparation, time a call, and where the error of each method comes from;
# - what *expression swell* is, and why automatic differentiation does not suffer from it;
# - after how many calls a method has earned back its preparation.

# %%
import matplotlib.pyplot as plt
import numpy as np
import sympy

import diffcompare as dc

# %config InlineBackend.figure_formats = ["retina"]


@dc.function
def f(x, y):
    return (x + dc.sigmoid(y)) / (dc.sigmoid(x) + (x + y) ** 2)


at = (3.0, -4.0)

# %% [markdown]
# ## Symbolic: a formula becomes a formula
#
# SymPy applies the rules of notebook 01 to the expression as a whole. What comes out is a formula, exact, valid at
# every point, and often long.

# %%
expression = f.to_sympy()
expression

# %%
x, y = sorted(expression.free_symbols, key=str)
by_x = sympy.diff(expression, x)
by_x

# %%
number = float(by_x.subs({x: 3, y: -4}))
print("df/dx at (3, -4):", number)
print("operations of f:", sympy.count_ops(expression), "  of df/dx:", sympy.count_ops(by_x))
assert np.isclose(number, 2.059569795572165, rtol=1e-15)
assert sympy.count_ops(by_x) > 2 * sympy.count_ops(expression)

# %% [markdown]
# ## Numerical: values become a number
#
# Differences see nothing but values of $f$. They work for any program, need two evaluations an input, and lose
# digits to the two errors of notebook 02.

# %%
h = 6e-6
by_difference = (f(3.0 + h, -4.0) - f(3.0 - h, -4.0)) / (2 * h)
print("df/dx at (3, -4):", by_difference)
assert 1e-16 < abs(by_difference / number - 1) < 1e-9

# %% [markdown]
# ## Automatic: a program becomes a program
#
# Automatic differentiation sees the *operations* that the program carries out, and applies the chain rule to each
# of them with numbers, not with formulas. Nothing is approximated, and no formula is written down.

# %%
print("df/dx at (3, -4):", dc.gradient(f)(*at)[0])
print(dc.trace(f, *at))
assert np.isclose(dc.gradient(f)(*at)[0], number, rtol=1e-15)

# %% [markdown]
# The list is what automatic differentiation sees of `f`; notebook 03 follows reverse mode through it, by hand and by
# machine.
#
# Forward mode carries a derivative along with every value; one sweep gives the derivatives by *one* input. That
# needs nothing but numbers with two parts, *dual numbers* $a + b\,\epsilon$ with $\epsilon^2 = 0$. In a dozen
# lines:


# %%
class Dual:
    """A value and its derivative by one input."""

    def __init__(self, value, dot=0.0):
        self.value, self.dot = value, dot

    def __add__(self, other):
        other = other if isinstance(other, Dual) else Dual(other)
        return Dual(self.value + other.value, self.dot + other.dot)

    def __mul__(self, other):
        return Dual(self.value * other.value, self.dot * other.value + self.value * other.dot)

    def __truediv__(self, other):
        return Dual(self.value / other.value, (self.dot * other.value - self.value * other.dot) / other.value**2)

    def sigmoid(self):
        s = 1.0 / (1.0 + np.exp(-self.value))
        return Dual(s, s * (1 - s) * self.dot)


def f_dual(x, y):
    return (x + y.sigmoid()) / (x.sigmoid() + (x + y) * (x + y))


sweep_x, sweep_y = f_dual(Dual(3.0, 1.0), Dual(-4.0)), f_dual(Dual(3.0), Dual(-4.0, 1.0))
print(f"value {sweep_x.value:.16f}, derivatives {sweep_x.dot:.16f} and {sweep_y.dot:.16f}")
assert np.isclose(sweep_x.value, 1.5456448841066441, rtol=1e-15)
assert np.allclose((sweep_x.dot, sweep_y.dot), (2.059569795572165, 1.5922327514838093), rtol=1e-14)

# %% [markdown]
# ## All methods side by side
#
# Errors are measured against the exact derivative, certified by ball arithmetic; times are taken in turns, so that
# they can be compared. *Pays after* is the number of calls after which the preparation has been earned back.

# %%
result = dc.compare(f, at=at)
result

# %%
result.plot()

# %% [markdown]
# Exact methods have 15 to 16 correct digits, differences 8 or 11, and the theory of notebook 02 tells which:

# %%
digits = {record["method"]: record["digits"] for record in result.records}
assert all(digits[name] > 15 for name in ("symbolic", "complex-step", "forward", "reverse"))
assert 6 < digits["forward-difference"] < 9 and 9.5 < digits["central-difference"] < 12.5
assert digits["richardson"] > 12

# %% [markdown]
# ## Expression swell
#
# The derivative of a product of $n$ factors is a sum of $n$ products of $n$ factors. Written out, formulas of
# derivatives grow much faster than the formulas they come from: *expression swell*. A classic is the logistic map,
# repeated: $l_1 = x$, $l_{n+1} = 4\, l_n (1 - l_n)$.

# %%
iterate = sympy.Symbol("x")
for _ in range(2):
    iterate = 4 * iterate * (1 - iterate)
iterate  # the third iterate

# %%
sympy.diff(iterate)  # and its derivative, as it comes

# %% [markdown]
# Count the operations, in every form that a derivative can be written in. Dashed lines are formulas, solid ones
# tapes of automatic differentiation, which share what is shared.

# %%
swell = dc.expression_swell("4*x*(1-x)", iterate=range(1, 7))
swell

# %%
swell.plot()

# %%
assert swell["derivative"][1:4] == [2, 21, 82]
growth = [later / earlier for earlier, later in zip(swell["derivative"][2:], swell["derivative"][3:], strict=False)]
assert min(growth) > 2.5  # a constant factor each time: exponential
steps = np.diff(swell["reverse"])
assert np.all(steps[1:] == steps[1])  # a constant number each time: linear
print("each iterate multiplies the formula of the derivative by", ", ".join(f"{g:.1f}" for g in growth))
print("and adds to the reverse tape", steps[-1], "operations")

# %% [markdown]
# It is not that symbols are slow; it is the *form*. SymPy applied operation by operation, with every intermediate
# result named (*symbolic, by operation*), is as short as a tape. Automatic differentiation *is* that.
#
# The second classic is the product $x_1 x_2 \cdots x_n$: each of its $n$ derivatives is a product of $n - 1$
# factors.


# %%
def product(n):
    return dc.Function(lambda *x: np.prod(np.stack(x)), names=[f"x{i + 1}" for i in range(n)])


products = dc.expression_swell(product, sizes=(2, 4, 6, 8, 10, 12))
products.plot()

# %%
sizes = np.array(products.sizes)
assert np.all(np.array(products["derivative"]) == sizes * (sizes - 2))  # n products of n - 1 factors
assert products["reverse"][-1] < products["derivative"][-1]
print("gradient by formulas:", products["derivative"], "   value and gradient by reverse mode:", products["reverse"])

# %% [markdown]
# ## When does preparation pay?
#
# Symbolic differentiation takes long to prepare and is quick to call; differences need no preparation and are slow
# to call. Total time for $n$ gradients is $t_\text{prepare} + n\, t_\text{call}$, and lines cross at the
# *break-even*:

# %%
calls = np.logspace(0, 6, 200)
figure, axes = plt.subplots(figsize=(8.5, 4.8), layout="constrained")
for name, colour in (
    ("symbolic", "#984ea3"),
    ("central-difference", "#d7301f"),
    ("forward", "#31a354"),
    ("reverse", "#3182bd"),
):
    record = result[name]
    prepare = sum(record[key] or 0.0 for key in ("trace_s", "derive_s", "compile_s", "first_s"))
    axes.loglog(calls, prepare + calls * record["median_s"], color=colour, linewidth=2, label=name)
    if record["break_even_calls"]:
        n = record["break_even_calls"]
        axes.plot(n, prepare + n * record["median_s"], "o", color=colour)
axes.set(xlabel="number of gradients", ylabel="total time [s]", title="Preparation included: which method is first?")
axes.grid(color="0.93")
axes.legend(title="dots: break-even with the cheapest start")
plt.show()

# %% [markdown]
# Times differ from machine to machine, and compiled code that was stored on disk makes the start of `reverse`
# shorter than on a first run; the shape of the picture does not change.
#
# Which to choose? A formula to read or to publish: symbolic. A program you cannot look into: differences (with the
# error they have). Everything else, and every gradient of many inputs: automatic, reverse mode.

# %% [markdown]
# ## Exercises
#
# **1.** How many multiplications does the gradient of $x_1 x_2 \cdots x_{20}$ take, written out as 20 products? And
# the value alone?

# %%
counts_1 = ...  # (gradient, value)


def check_1(counts):
    if counts is ...:
        return "1: replace the dots by two whole numbers."
    gradient, value = counts
    if value != 19:
        return "1: a product of n factors takes n - 1 multiplications."
    if gradient != 20 * 18:
        return "1: each of the 20 derivatives is a product of 19 factors."
    return "1: right: 360 against 19, and reverse mode needs about three times 19."


check_1(counts_1)

# %% [markdown]
# **2.** Give `Dual` an exponential: a function `exp(d)` of a dual number.

# %%
exp_2 = ...  # lambda d: Dual(..., ...)


def check_2(exp):
    if exp is ...:
        return "2: replace the dots by a function that takes a Dual and returns a Dual."
    found = exp(Dual(0.5, 2.0))
    if not np.isclose(found.value, np.exp(0.5)):
        return "2: the value is not exp of the value."
    if np.isclose(found.dot, np.exp(0.5)):
        return "2: the chain rule is missing: multiply by the derivative that the number brings along, `d.dot`."
    if not np.isclose(found.dot, 2 * np.exp(0.5)):
        return "2: the derivative of exp is exp, times `d.dot`."
    return "2: right."


check_2(exp_2)

# %% [markdown]
# **3.** A method takes 0.5 s to prepare and 1 µs a call, another one nothing and 201 µs a call. After how many
# calls is the first one ahead?

# %%
calls_3 = ...


def check_3(calls):
    if calls is ...:
        return "3: replace the dots by a number."
    if not np.isclose(calls, 2500, rtol=0.01):
        return "3: each call saves 200 µs; how many such savings make 0.5 s?"
    return "3: right."


check_3(calls_3)

# %% [markdown]
# Solutions, and what the checker says to some wrong answers:

# %% jupyter={"source_hidden": true} tags=["solution"]
print(check_1((360, 19)))
print(check_2(lambda d: Dual(np.exp(d.value), np.exp(d.value) * d.dot)))
print(check_3(2500))
assert check_1((360, 19)).startswith("1: right") and check_3(2500).startswith("3: right")
assert check_2(lambda d: Dual(np.exp(d.value), np.exp(d.value) * d.dot)).startswith("2: right")
assert "19 factors" in check_1((400, 19)) and "n - 1" in check_1((360, 20)) and "saves" in check_3(500)
assert "chain rule" in check_2(lambda d: Dual(np.exp(d.value), np.exp(d.value)))
