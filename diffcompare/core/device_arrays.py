"""Arrays in the memory of a CUDA device: what a caller's array says of itself, and the arrays that are handed back."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import DTypeError, ShapeError
from . import dlpack
from .dtypes import BOOL, FLOAT32, FLOAT64, INT64

_HELD = (FLOAT64, FLOAT32, INT64, BOOL)


@dataclass(frozen=True, slots=True, eq=False)
class DeviceArray:
    """A C-contiguous array in the memory of a CUDA device.

    Other libraries take it without a copy, through `__cuda_array_interface__`: ``cupy.asarray(a)``,
    ``torch.as_tensor(a, device="cuda")``, ``numba.cuda.as_cuda_array(a)``, ``jax.numpy.asarray(a)``.

    Attributes
    ----------
    address : int
        Where it begins, in the device's memory.
    shape : tuple of int
        Its shape; `()` for a number.
    dtype : dtype
        float64, float32, int64 or bool.
    owner : object
        What keeps the memory alive: a caller's array, or an allocation.
    stream : int or None
        The stream after whose work it is complete; None where it is complete already.
    """

    address: int
    shape: tuple[int, ...]
    dtype: np.dtype
    owner: Any
    stream: int | None = None

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """Number of elements."""
        return math.prod(self.shape)

    @property
    def nbytes(self) -> int:
        """Size in bytes."""
        return self.size * self.dtype.itemsize

    @property
    def __cuda_array_interface__(self) -> dict[str, Any]:
        """Version 3 of the interface, as Numba's reference describes it."""
        return {
            "shape": self.shape, "typestr": self.dtype.str, "data": (self.address if self.size else 0, False),
            "strides": None, "stream": self.stream, "version": 3,
        }  # fmt: skip

    def to_numpy(self) -> np.ndarray:
        """A copy in the host's memory, of the same shape and dtype; waits for the work that makes it."""
        found = np.empty(self.shape, self.dtype)
        self.owner.read(self, found)
        return found

    def __float__(self) -> float:
        return float(self.to_numpy().reshape(-1)[0]) if self.size == 1 else float(self.to_numpy())

    def __repr__(self) -> str:
        return f"DeviceArray(shape={self.shape}, {self.dtype})"


def on_device(value: Any) -> bool:
    """Whether a value lies on a CUDA device."""
    if isinstance(value, DeviceArray) or getattr(value, "__cuda_array_interface__", None) is not None:
        return True
    return dlpack.on_cuda(value)


def device_array(value: Any, what: str) -> DeviceArray:
    """A caller's device array, by its `__cuda_array_interface__` or by DLPack; nothing is copied.

    Raises
    ------
    DTypeError
        For types that kernels do not take, and for masked arrays.
    ShapeError
        For an array whose elements do not lie one after the other.
    """
    if isinstance(value, DeviceArray):
        return value
    about, owner = getattr(value, "__cuda_array_interface__", None), value
    if about is None:
        found = dlpack.described(value)
        about = {
            "shape": found.shape,
            "typestr": found.type,
            "strides": found.strides,
            "data": (found.address, False),
            "stream": dlpack.LEGACY_STREAM,
        }
        owner = found.owner
    shape, dtype = tuple(int(n) for n in about["shape"]), np.dtype(about["typestr"])
    held = next((kind for kind in _HELD if kind == dtype), None)
    if held is None or about.get("mask") is not None:
        kind = "has a mask" if held is not None else f"has dtype {dtype}"
        raise DTypeError(
            f"{what} lies on the device and {kind}; device code takes float64, float32, int64 and bool.\n"
            "  Convert it on the device: x.astype('float64') in CuPy, x.double() in PyTorch."
        )
    strides = about.get("strides")
    if strides is not None and 0 not in shape and not _in_order(shape, strides, held.itemsize):
        raise ShapeError(
            f"{what} lies on the device with strides {tuple(strides)}, so its elements are not one after the other.\n"
            "  Copy it there first: cupy.ascontiguousarray(x), x.contiguous() in PyTorch."
        )
    return DeviceArray(int(about["data"][0] or 0), shape, held, owner, about.get("stream"))


def _in_order(shape: tuple[int, ...], strides: Sequence[int], itemsize: int) -> bool:
    """Whether elements lie one after the other; the stride of an axis of length 1 says nothing."""
    wanted = [itemsize * math.prod(shape[k + 1 :]) for k in range(len(shape))]
    return all(n == 1 or here == there for n, here, there in zip(shape, strides, wanted, strict=True))
