"""Functions that kernels call, as source text: sums of a block, remainders, and sine and cosine in float32.

NVIDIA's sinf and cosf reduce large arguments in float64; these do so in whole numbers, so that a float32 kernel has no
float64 instruction. Reduction by pi / 2 in three parts up to 105615, beyond by 2 / pi to 192 bits (Payne and Hanek,
SIGNUM Newsletter 18, 1983); the polynomials are minimax ones on [-pi/4, pi/4] with an error below 0.6 ULP.
"""

from __future__ import annotations

# One block: within each warp by shuffles, then the warps' sums by the first warp. {0} is the type.
BLOCK_SUM = """
def block_sum_{0}(value):
    found = cuda.shared.array(32, dtype=type_{0})
    lane, warp = cuda.threadIdx.x & 31, cuda.threadIdx.x >> 5
    for k in range(5):
        value += cuda.shfl_down_sync(0xFFFFFFFF, value, 16 >> k)
    if lane == 0:
        found[warp] = value
    cuda.syncthreads()
    value = found[lane] if lane < (cuda.blockDim.x + 31) >> 5 else as_{0}(0)
    if warp == 0:
        for k in range(5):
            value += cuda.shfl_down_sync(0xFFFFFFFF, value, 16 >> k)
    cuda.syncthreads()
    return value
"""

# The simulator has no shuffles: the same additions in the same order, through memory that the block shares.
SIMULATED_BLOCK_SUM = """
def block_sum_{0}(value):
    found = cuda.shared.array(1024, dtype=type_{0})
    sums = cuda.shared.array(32, dtype=type_{0})
    t = cuda.threadIdx.x
    found[t] = value
    cuda.syncthreads()
    for k in range(5):
        other = found[t + (16 >> k)] if t % 32 + (16 >> k) < 32 else as_{0}(0)
        cuda.syncthreads()
        found[t] += other
        cuda.syncthreads()
    if t < 32:
        sums[t] = found[32 * t] if t < cuda.blockDim.x // 32 else as_{0}(0)
    cuda.syncthreads()
    for k in range(5):
        other = sums[t + (16 >> k)] if t + (16 >> k) < 32 else as_{0}(0)
        cuda.syncthreads()
        if t < 32:
            sums[t] += other
        cuda.syncthreads()
    value = sums[0]
    cuda.syncthreads()
    return value
"""

# As NumPy's: the remainder has the sign of the divisor.
REMAINDER = """
def remainder_{0}(x, y):
    r = fmod_{0}(x, y)
    if r == as_{0}(0):
        return copysign_{0}(as_{0}(0), y)
    return r + y if (r < as_{0}(0)) != (y < as_{0}(0)) else r
"""
FLOOR_DIVIDE = """
def floor_divide_{0}(x, y):
    r = fmod_{0}(x, y)
    if y == as_{0}(0):
        return x / y
    if r != as_{0}(0) and (r < as_{0}(0)) != (y < as_{0}(0)):
        r = r + y
    return rint_{0}((x - r) / y)
"""

_WORDS = (0x28BE60DB, 0x9391054A, 0x7F09D5F4, 0x7D4D3770, 0x36D8A566, 0x4F10E410)  # bits of 2 / pi
_PART = "".join(f"    if i == {k}:\n        return {word}\n" for k, word in enumerate(_WORDS))
# The bits of 2 / pi from word i on, of which the first word before the number's weight and three after it count.
PART = f"""
def part_f4(i):
{_PART}    return 0
"""

# The remainder of x by pi / 2, and the multiple's last two bits.
REDUCED = """
def reduced_f4(x):
    if not abs(x) > as_f4(105615.0):
        q = rint_f4(times_f4(x, as_f4(0.636619747)))
        r = fused_f4(q, as_f4(-1.57079601e+00), x)
        r = fused_f4(q, as_f4(-3.13916473e-07), r)
        r = fused_f4(q, as_f4(-5.39030253e-15), r)
        if q == as_f4(0) or x != x:  # -0 stays -0; nan is not a whole number
            return x, as_i8(0)
        return r, as_i8(q) & 3
    bits = as_i8(bits_f4(x))
    mantissa = ((bits & 0x7FFFFF) << 8) | 0x80000000
    exponent = ((bits >> 23) & 0xFF) - 126
    i, e = exponent >> 5, exponent & 31
    high, middle, low, next = part_f4(i - 1), part_f4(i), part_f4(i + 1), part_f4(i + 2)
    high = ((high << e) | (middle >> (32 - e))) & 0xFFFFFFFF
    middle = ((middle << e) | (low >> (32 - e))) & 0xFFFFFFFF
    low = ((low << e) | (next >> (32 - e))) & 0xFFFFFFFF
    p = (((mantissa * low) >> 32) & 0xFFFFFFFF) + mantissa * middle
    p = ((mantissa * high) << 32) + p
    q = (p >> 62) & 3
    p = p & 0x3FFFFFFFFFFFFFFF
    if p & 0x2000000000000000:
        p = p - 0x4000000000000000
        q = q + 1
    lead = as_f4(p)
    rest = as_f4(p - as_i8(lead))
    r = fused_f4(rest, as_f4(3.4061216748705226e-19), times_f4(lead, as_f4(-9.478396428567739e-27)))
    r = fused_f4(lead, as_f4(3.4061216748705226e-19), r)
    if x - x != as_f4(0):
        r = x - x
    if x < as_f4(0):
        return -r, (-q) & 3
    return r, q & 3
"""
SINE_COSINE = """
def sine_cosine_f4(r, q):
    s = times_f4(r, r)
    c = fused_f4(as_f4(2.44677067e-5), s, as_f4(-1.38877297e-3))
    c = fused_f4(c, s, as_f4(4.16666567e-2))
    c = fused_f4(c, s, as_f4(-0.5))
    c = fused_f4(c, s, as_f4(1.0))
    t = fused_f4(as_f4(2.86567956e-6), s, as_f4(-1.98559923e-4))
    t = fused_f4(t, s, as_f4(8.33338592e-3))
    t = fused_f4(t, s, as_f4(-1.66666672e-1))
    t = fused_f4(times_f4(t, s), r, r) if r != as_f4(0) else r
    y = c if q & 1 else t
    return -y if q & 2 else y
"""
SIN = """
def sin_f4(x):
    r, q = reduced_f4(x)
    return sine_cosine_f4(r, q)
"""
COS = """
def cos_f4(x):
    r, q = reduced_f4(x)
    return sine_cosine_f4(r, q + 1)
"""
TAN = """
def tan_f4(x):
    r, q = reduced_f4(x)
    return sine_cosine_f4(r, q) / sine_cosine_f4(r, q + 1)
"""
