"""The kernel that a programmer would write in CUDA C for value and gradient of sum(sin(x) exp(-x x) + tanh(x))."""

from __future__ import annotations

# {T}: float or double, {V}: float4 or double2, {N}: 4 or 2; contraction is allowed, which the library does not allow
# itself. The partial sums of blocks are added by the host: the time of the elements is what counts.
SOURCE = """
extern "C" __global__ void hand(long long n, const {V}* __restrict__ x, {V}* __restrict__ g, {T}* partial) {{
  {T} total = 0;
  long long i = blockIdx.x * (long long)blockDim.x + threadIdx.x;
  for (; i < n / {N}; i += (long long)gridDim.x * blockDim.x) {{
    {V} in = x[i], out;
    const {T}* a = ({T}*)&in; {T}* b = ({T}*)&out;
    #pragma unroll
    for (int k = 0; k < {N}; ++k) {{
      {T} s, c, e = exp(-a[k] * a[k]), t = tanh(a[k]);
      {sincos}(a[k], &s, &c);
      b[k] = e * (c - 2 * a[k] * s) + 1 - t * t;
      total += s * e + t;
    }}
    g[i] = out;
  }}
  for (int k = 16; k; k >>= 1) total += __shfl_down_sync(0xffffffff, total, k);
  __shared__ {T} sums[32];
  if (threadIdx.x % 32 == 0) sums[threadIdx.x / 32] = total;
  __syncthreads();
  if (threadIdx.x == 0) {{
    for (int k = 1; k < blockDim.x / 32; ++k) total += sums[k];
    partial[blockIdx.x] = total;
  }}
}}
"""


def source(dtype: str) -> str:
    """The text for "float32" or "float64"."""
    single = dtype == "float32"
    names = {"T": "float", "V": "float4", "N": 4, "sincos": "sincosf"} if single else {
        "T": "double", "V": "double2", "N": 2, "sincos": "sincos",
    }  # fmt: skip
    return SOURCE.format(**names)


def compiled(dtype: str, capability: tuple[int, int]) -> tuple[bytes, str]:
    """Machine code by NVRTC, and the kernel's name in it; no device is needed."""
    from cuda.core import Program, ProgramOptions

    options = ProgramOptions(arch=f"sm_{capability[0]}{capability[1]}")
    code = Program(source(dtype), "c++", options).compile("cubin")
    return bytes(code.code), "hand"
