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
# # One expression, every derivative
#
# You will learn to differentiate one function in eight ways, to read how many digits of each answer are right, and to
# see where the wrong digits come from.

# %%
import numpy as np

import diffcompare as dc


@dc.function
def f(x, y):
    return (x + dc.sigmoid(y)) / (dc.sigmoid(x) + (x + y) ** 2)


f(3.0, -4.0)

# %% [markdown]
# The function was written with NumPy. It is traced once into a graph, of which everything else is a reading.

# %%
graph = dc.trace(f, 3.0, -4.0)
print(graph)

# %%
graph

# %% [markdown]
# ## The same derivative, eight times
#
# Every method has the same form. The lecture's answer is (2.0595697955721652, 1.5922327514838093).

# %%
for name, (runs, _) in dc.methods.available().items():
    if runs:
        print(f"{name:20}", *(f"{entry:.16f}" for entry in dc.gradient(f, method=name)(3.0, -4.0)))

# %% [markdown]
# ## How good, how fast
#
# Errors are measured against a gradient that ball arithmetic certifies; times are taken in turns.

# %%
result = dc.compare(f, at=(3.0, -4.0))
result

# %%
# %matplotlib inline
result.plot()

# %% [markdown]
# ## Backpropagation, line by line
#
# The tape is what the reverse method runs: the values on the way forward, then the cotangents on the way back.

# %%
print(f.tape(3.0, -4.0))

# %% [markdown]
# ## Functions of arrays

# %%
x = np.linspace(-1.0, 1.0, 5)
value, gradient = dc.value_and_gradient(lambda x: np.sum(np.exp(-(x**2))))(x)
print(value, gradient)
print(dc.hessian(lambda x: np.sum(x[1:] * x[:-1] ** 2))(np.arange(1.0, 4.0)))

# %% [markdown]
# ## Exercises
#
# 1. The derivative of |x| at 0 does not exist. What does each method answer, and which of them is right to refuse?
# 2. Which central step is best for f along x, and why is it not the smallest one?
#
# The cells below check the answers.

# %%
kink = dc.compare(np.abs, at=0.0, time=False)
assert kink["reverse"]["gradient"] == 0.0  # the convention: the middle of all slopes
assert kink["forward-difference"]["gradient"] == 1.0  # it looks to the right only
assert kink["complex-step"]["status"] == "skipped"  # |x| has no complex derivative
print(kink["complex-step"]["reason"])

# %%
exact = dc.reference_gradient(f, at=(3.0, -4.0)).gradient[0]
errors = {}
for step in (1e-1, 1e-3, 1e-5, 1e-7, 1e-9, 1e-11):
    method = dc.methods.FiniteDifference("central", step=step)
    errors[step] = abs(dc.gradient(f, wrt=0, method=method)(3.0, -4.0) - exact)
    print(f"h = {step:.0e}   error = {errors[step]:.1e}")
assert min(errors, key=errors.__getitem__) == 1e-5  # truncation h**2 meets round-off eps / h near eps**(1/3)
