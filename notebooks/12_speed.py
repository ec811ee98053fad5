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
# # 12 · Speed: from interpreter to fused loops to the GPU
#
# You will learn
#
# - what one gradient costs as a Python loop, as NumPy statements, and as one compiled loop, and why;
# - to count the bytes that a computation moves, and to find the time below which memory does not let it go;
# - what it means to *fuse* statements, and to read the tape, the kernels and the code that the library makes;
# - when a second thread helps, and how it can give the same bits;
# - what a GPU changes and what it does not.
#
# Times are measured where this notebook runs, in turns; only their ratios mean something elsewhere. Nothing below is
# asserted about a time.

# %%
import math
import os
import tracemalloc

import matplotlib.pyplot as plt
import numpy as np

import diffcompare as dc
from diffcompare.analysis.environment import environment
from diffcompare.analysis.timing import Budget, time_in_turns

# %config InlineBackend.figure_formats = ["retina"]

cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
print(f"{environment().host}; {cores} cores to use")

# %% [markdown]
# ## One function, its gradient by hand
#
# $$f(x, y) = \sum_i e^{-x_i^2} \sin y_i + \tanh(x_i y_i).$$

# %%
n = 300_000
random = np.random.default_rng(0)
x, y = random.normal(size=(2, n))


@dc.function
def f(x, y):
    return np.sum(np.exp(-x * x) * np.sin(y) + np.tanh(x * y))


def by_loop(x, y):
    total, by_x, by_y = 0.0, [], []
    for a, b in zip(x, y, strict=True):
        bell, wave, bend = math.exp(-a * a), math.sin(b), math.tanh(a * b)
        total += bell * wave + bend
        by_x.append(-2.0 * a * bell * wave + (1.0 - bend * bend) * b)
        by_y.append(bell * math.cos(b) + (1.0 - bend * bend) * a)
    return total, by_x, by_y


def by_numpy(x, y):
    bell, wave, bend = np.exp(-x * x), np.sin(y), np.tanh(x * y)
    slope = 1.0 - bend * bend
    return np.sum(bell * wave + bend), -2.0 * x * bell * wave + slope * y, bell * np.cos(y) + slope * x


short = slice(0, 3_000)
value, (by_x, by_y) = dc.value_and_gradient(f)(x[short], y[short])
for other in (by_loop(x[short].tolist(), y[short].tolist()), by_numpy(x[short], y[short])):
    # The value adds 3,000 terms of size 1 in another order; 1 - bend**2 loses digits where the tangent is nearly 1.
    assert np.isclose(other[0], value, rtol=0, atol=3_000 * 2.0**-52 * 10)
    assert np.allclose(other[1], by_x, rtol=0, atol=1e-14) and np.allclose(other[2], by_y, rtol=0, atol=1e-14)
print("the three agree:", value)

# %% [markdown]
# ## The tape
#
# Reverse mode writes the statements down: forward sweep, then reverse sweep. An interpreter could run this list line
# by line; with arrays, that is what NumPy does.

# %%
print(f.tape(x, y))

# %% [markdown]
# ## Five ways to run it

# %%
statements = dc.prepare(f, x, y, method=dc.methods.Reverse(executor="numpy"))
one_thread = dc.prepare(f, x, y, method=dc.methods.Reverse(parallel=False))
all_threads = dc.prepare(f, x, y)
for prepared in (statements, one_thread, all_threads):
    print(prepared.executor)

out = (np.empty(n), np.empty(n))
listed = x[short].tolist(), y[short].tolist()
calls = {
    "Python loop": lambda: by_loop(*listed),
    "NumPy, by hand": lambda: by_numpy(x, y),
    "tape, statement by statement": lambda: statements.value_and_gradient(x, y),
    "tape, fused, one thread": lambda: one_thread.value_and_gradient(x, y, out=out),
    f"tape, fused, {cores} threads": lambda: all_threads.value_and_gradient(x, y, out=out),
}
times = time_in_turns(calls, Budget(rounds=7, each_s=1.0))
each = {name: 1e9 * timing.min_s / (3_000 if name == "Python loop" else n) for name, timing in times.items()}

figure, axes = plt.subplots(figsize=(8, 2.8), layout="constrained")
bars = axes.barh(list(each), list(each.values()), color=["#999999", "#56b4e9", "#0072b2", "#d55e00", "#e69f00"])
axes.bar_label(bars, [f"{value:,.1f} ns" for value in each.values()], padding=4)
axes.set(xscale="log", xlabel="nanoseconds an element, value and gradient", xlim=(1, 4 * max(each.values())))
axes.invert_yaxis()
plt.show()

# %% [markdown]
# The Python loop pays for the interpreter: each `a * b` looks up types, makes an object, counts references. NumPy pays
# that once an array instead of once an element. What does the fused loop save, that runs the very same statements?
#
# ## Fusion
#
# `f.kernels` shows which statements share a loop. Here all of them do: each element of `x` and `y` is read once,
# everything is computed while it is in a register, and two results are written.

# %%
kernels = f.kernels(x, y)
print(kernels)
assert len(kernels.kernels) == 1

# %%
print(f.source(x, y))

# %% [markdown]
# ## Counting bytes
#
# A statement of its own reads its arguments from memory and writes its result: 8 bytes an element for each of them.
# Fused, only what enters and leaves counts.

# %%
(kernel,) = kernels.kernels
elementwise = [statement for statement in kernel.statements if "sum(" not in statement]
arrays_moved = (
    sum(1 + len(statement.partition("(")[2].split(",")) for statement in elementwise) + 1
)  # and the sum reads
apart, fused = 8 * arrays_moved, (kernel.reads + kernel.writes) // n
print(f"{len(elementwise)} statements apart: {arrays_moved} arrays, {apart} bytes an element")
print(f"one loop: {fused} bytes an element, {apart / fused:.1f} times less")
assert fused == 4 * 8  # x and y in, two gradients out

# %% [markdown]
# How fast does memory deliver? Copy a large array: one read and one write an element.

# %%
large, target = np.ones(4_000_000), np.empty(4_000_000)
copying = time_in_turns({"copy": lambda: np.copyto(target, large)}, Budget(rounds=7))["copy"].min_s
bandwidth = 16 * large.size / copying
print(f"memory delivers about {bandwidth / 1e9:.1f} GB/s to one thread")
for name, moved in (("tape, statement by statement", apart), ("tape, fused, one thread", fused)):
    bound, measured = 1e3 * moved * n / bandwidth, 1e3 * times[name].min_s
    print(f"{name:29} no less than {bound:5.2f} ms for {n:,} elements, measured {measured:6.2f} ms")

# %% [markdown]
# Both are above their bounds. The fused loop computes an exponential, a sine, a cosine and a hyperbolic tangent an
# element: here arithmetic is the limit, not memory. The statements have more to wait for.
#
# Fresh memory costs more than its bytes: the system hands it out page by page. Statement by statement, each temporary
# is a fresh array; the fused loop with `out=` asks for nothing.


# %%
def peak(call):
    call()
    tracemalloc.start()
    call()
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return most


for name in ("tape, statement by statement", "tape, fused, one thread"):
    print(f"{name:30} allocates up to {peak(calls[name]) / n:6.2f} bytes an element at once")
assert peak(calls["tape, fused, one thread"]) < 0.1 * n < 8 * n < peak(calls["tape, statement by statement"])

# %% [markdown]
# ## From small to large
#
# For a few elements the call itself is what one pays for; then come the caches, then memory.

# %%
sizes = [3, 30, 300, 3_000, 30_000, 300_000, 1_000_000]
found = {"NumPy, by hand": [], "tape, statement by statement": [], "tape, fused, one thread": [], "all threads": []}
long_x, long_y = random.normal(size=(2, sizes[-1]))
for size in sizes:
    a, b = long_x[:size].copy(), long_y[:size].copy()
    room = (np.empty(size), np.empty(size))
    prepared = {
        "tape, statement by statement": dc.prepare(f, a, b, method=dc.methods.Reverse(executor="numpy")),
        "tape, fused, one thread": dc.prepare(f, a, b, method=dc.methods.Reverse(parallel=False)),
        "all threads": dc.prepare(f, a, b),
    }
    runs = {name: lambda p=p, a=a, b=b, r=room: p.value_and_gradient(a, b, out=r) for name, p in prepared.items()}
    runs["NumPy, by hand"] = lambda a=a, b=b: by_numpy(a, b)
    for name, timing in time_in_turns(runs, Budget(sample_s=0.01, rounds=5, each_s=0.2)).items():
        found[name].append(1e9 * timing.min_s / size)

figure, axes = plt.subplots(figsize=(8, 3.8), layout="constrained")
for (name, line), color in zip(found.items(), ["#56b4e9", "#0072b2", "#d55e00", "#e69f00"], strict=True):
    axes.loglog(sizes, line, "o-", color=color, label=name, markersize=4)
axes.set(xlabel="elements", ylabel="nanoseconds an element")
axes.legend(frameon=False)
plt.show()

# %% [markdown]
# ## Compile once
#
# The code has no size in it, so one compilation serves all of the sizes above. It is kept on disk too: a later process
# loads it.

# %%
for name, seconds in one_thread.seconds.items():
    print(f"{name:10} {1e3 * seconds:8.2f} ms")
print("machine code was", "loaded from the store" if one_thread.prepared.cached else "compiled now")
again = dc.prepare(f, x[:1000], y[:1000], method=dc.methods.Reverse(parallel=False))
print(f"for another size: {1e3 * sum(again.seconds.values()):.2f} ms in all")

# %% [markdown]
# ## A second thread, the same bits
#
# Floating-point addition is not associative, so a sum that is split in another way has other last digits. Here the sum
# is always split into the same blocks, whoever computes them, and the partial sums are always added in the same order.

# %%
print("(0.1 + 0.2) + 0.3 =", (0.1 + 0.2) + 0.3, "   0.1 + (0.2 + 0.3) =", 0.1 + (0.2 + 0.3))
assert (0.1 + 0.2) + 0.3 != 0.1 + (0.2 + 0.3)

value_1, gradients_1 = one_thread.value_and_gradient(x, y)
value_2, gradients_2 = all_threads.value_and_gradient(x, y)
print("one thread: ", value_1.hex(), "\nall threads:", value_2.hex())
assert value_1 == value_2
assert all(np.array_equal(a, b) for a, b in zip(gradients_1, gradients_2, strict=True))

# %% [markdown]
# A thread helps as long as it has something to compute. When memory is what everybody waits for, or other programs use
# the cores, a second thread waits too: compare the two lowest lines above.
#
# Half the bytes are half the waiting: in float32 the same loop moves 16 bytes an element, and a vector register holds
# twice as many.

# %%
x_32, y_32 = x.astype(np.float32), y.astype(np.float32)
single = dc.prepare(f, x_32, y_32, method=dc.methods.Reverse(parallel=False))
out_32 = (np.empty(n, np.float32), np.empty(n, np.float32))
both = time_in_turns(
    {
        "float64": calls["tape, fused, one thread"],
        "float32": lambda: single.value_and_gradient(x_32, y_32, out=out_32),
    },
    Budget(rounds=7),
)
for name, timing in both.items():
    print(f"{name}: {1e9 * timing.min_s / n:.2f} ns an element")
apart_32 = np.max(np.abs(single.value_and_gradient(x_32, y_32)[1][0] - gradients_1[0]))
print(f"largest difference of a derivative: {apart_32:.1e}")
assert apart_32 < 40 * 2.0**-24  # a dozen float32 roundings of numbers up to 4

# %% [markdown]
# ## And a GPU?
#
# A GPU runs the same kernel on thousands of threads, and its memory delivers a hundred times what one core is given.
# Two things do not change. The bytes: 32 an element. And the way there: arrays must be on the device already, or they
# travel over a bus that is slower than both memories.
#
# In numbers for this kernel, from data sheets: an H200's memory delivers 4.8 TB/s, its PCIe 5 bus 64 GB/s in each
# direction.

# %%
for elements in (10_000, 1_000_000, 100_000_000):
    on_device, over_the_bus = 32 * elements / 4.8e12, 16 * elements / 64e9  # in and out at the same time
    here = fused * elements / bandwidth
    print(f"{elements:11,} elements take at least {1e6 * here:8,.1f} µs on one core here, ", end="")
    print(f"{1e6 * on_device:6,.1f} µs on the device, {1e6 * over_the_bus:8,.1f} µs over the bus")

# %% [markdown]
# A launch takes several microseconds, so small arrays stay on the processor; large ones should be born on the device
# and stay there.
#
# Can this machine do it? The library tells, and says why if not. On a machine with a device, this cell also runs the
# gradient there.

# %%
print("GPU here:", environment().gpu)
can_run, reason = dc.methods.available()["cuda"]
if can_run:
    on_the_device = dc.value_and_gradient(f, method="cuda")(x, y)
    assert np.isclose(on_the_device[0], value_1, rtol=1e-12)
    assert np.allclose(on_the_device[1][0], gradients_1[0], rtol=1e-12, atol=1e-14)
    print("the device agrees")
else:
    print("method 'cuda' did not run here:", reason)

# %% [markdown]
# ## Exercises
#
# Replace the dots, run the cell, and read what the checker says. The last cell holds the solutions.
#
# **1.** Value and gradient by $a$ and $b$ of $\sum_i (a_i - b_i)^2$, fused: how many bytes are read and written an
# element (float64)?

# %%
bytes_1 = ...


def check_1(count):
    if count is ...:
        return "1: replace the dots by a number."
    loops = dc.function(lambda a, b: np.sum((a - b) ** 2)).kernels(x, y).kernels
    if count != sum(loop.reads + loop.writes for loop in loops) / n:
        return "1: not yet. Two arrays go in, two gradients come out, 8 bytes each; the value is one number."
    return "1: right. The arithmetic is a subtraction, two products and a sign: memory alone decides."


check_1(bytes_1)

# %% [markdown]
# **2.** Memory delivers 20 GB/s. How many milliseconds does a function need at least that moves 48 bytes an element,
# for $10^7$ elements?

# %%
milliseconds_2 = ...


def check_2(milliseconds):
    if milliseconds is ...:
        return "2: replace the dots by a number."
    if not np.isclose(milliseconds, 48 * 1e7 / 20e9 * 1e3):
        return "2: not yet. Bytes over bytes a second are seconds."
    return "2: right."


check_2(milliseconds_2)

# %% [markdown]
# **3.** Three numbers $a, b, c$ of float64 with $(a + b) + c = 1$ and $a + (b + c) = 0$.

# %%
numbers_3 = ...


def check_3(numbers):
    if numbers is ...:
        return "3: replace the dots by three numbers."
    a, b, c = map(float, numbers)
    if (a + b) + c != 1.0 or a + (b + c) != 0.0:
        return f"3: not yet: {(a + b) + c} and {a + (b + c)}. Let a + b cancel, and let c be lost beside b."
    return "3: right: the order of a sum is part of its result."


check_3(numbers_3)

# %% [markdown]
# Solutions, and what the checker says to some wrong answers:

# %% jupyter={"source_hidden": true} tags=["solution"]
print(check_1(32))
print(check_2(24.0))
print(check_3((1e20, -1e20, 1.0)))
assert check_1(32).startswith("1: right")
assert check_2(24.0).startswith("2: right")
assert check_3((1e20, -1e20, 1.0)).startswith("3: right")
assert "not yet" in check_1(48) and "seconds" in check_2(0.024) and "lost" in check_3((1.0, 2.0, 3.0))
