"""Arrays of libraries that offer DLPack alone: where their elements lie, read from the structure that they hand out.

The structure is that of DLPack's header (dlpack.h, DLManagedTensor), which has kept its layout since version 0.2.
"""

from __future__ import annotations

import ctypes
from typing import Any, NamedTuple

CUDA_DEVICES = (2, 13)  # kDLCUDA and kDLCUDAManaged
_KINDS = {0: "i", 1: "u", 2: "f", 5: "c", 6: "b"}
LEGACY_STREAM = 1


class _Tensor(ctypes.Structure):
    _fields_ = (
        ("data", ctypes.c_void_p), ("device_type", ctypes.c_int32), ("device_id", ctypes.c_int32),
        ("ndim", ctypes.c_int32), ("code", ctypes.c_uint8), ("bits", ctypes.c_uint8), ("lanes", ctypes.c_uint16),
        ("shape", ctypes.POINTER(ctypes.c_int64)), ("strides", ctypes.POINTER(ctypes.c_int64)),
        ("byte_offset", ctypes.c_uint64),
    )  # fmt: skip


class Described(NamedTuple):
    """What DLPack says of an array.

    Attributes
    ----------
    address : int
        Where it begins.
    shape : tuple of int
        Its shape.
    strides : tuple of int or None
        In bytes; None where the elements lie one after the other.
    type : str
        As NumPy writes types: ``"<f8"``.
    owner : object
        What keeps the memory alive.
    """

    address: int
    shape: tuple[int, ...]
    strides: tuple[int, ...] | None
    type: str
    owner: Any


def on_cuda(value: Any) -> bool:
    """Whether a value lies on a CUDA device, by DLPack."""
    ask = getattr(value, "__dlpack_device__", None)
    return ask is not None and int(ask()[0]) in CUDA_DEVICES


def described(value: Any) -> Described:
    """What DLPack says of an array on a CUDA device; it is complete on the legacy default stream."""
    capsule = value.__dlpack__(stream=LEGACY_STREAM)
    pointer = ctypes.pythonapi.PyCapsule_GetPointer
    pointer.restype, pointer.argtypes = ctypes.c_void_p, (ctypes.py_object, ctypes.c_char_p)
    tensor = _Tensor.from_address(pointer(capsule, b"dltensor"))
    size = tensor.bits * tensor.lanes // 8
    shape = tuple(tensor.shape[k] for k in range(tensor.ndim))
    strides = tuple(size * tensor.strides[k] for k in range(tensor.ndim)) if tensor.strides else None
    kind = f"<{_KINDS.get(tensor.code, 'V')}{size}" if size > 1 else f"|{_KINDS.get(tensor.code, 'V')}1"
    # The capsule is not taken over: when it dies it gives the memory back itself.
    return Described(int(tensor.data or 0) + tensor.byte_offset, shape, strides, kind, (value, capsule))
