"""A graph on a CUDA device: its memory, its launches, and the copies of arrays that come from the host."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Any, NamedTuple

import numpy as np

from ..core.device_arrays import DeviceArray, device_array, on_device
from ..core.graph import Graph
from ..core.node import Node
from ..errors import DeviceError
from .cuda_device import device
from .cuda_driver import LEGACY, PER_THREAD
from .cuda_kernels import Argument, KernelText
from .cuda_plan import Step, check, counted, plan
from .runner import Runner

_ALIGNED = 256  # bytes; every array in a block begins at a multiple
_Pair = tuple[int, int]


class _Ready(NamedTuple):
    """A kernel ready to start: how, where in the table its arguments are, and its text."""

    launch: Callable[[Sequence[Any], int], None]
    pick: Callable[[list[Any]], tuple]
    text: KernelText
    arguments: list[Argument]


class Program:
    """A graph planned for the device, with its kernels compiled.

    Attributes
    ----------
    seconds : dict of str to float
        Of the last call with host arrays, in seconds by the device's clock: ``kernel_s``, ``to_device_s``,
        ``to_host_s``. Copies go through pinned memory; what the host does for them counts to the copy.
    cached : bool
        Whether no kernel was compiled.
    compile_s : float
        Seconds that planning and compiling took.
    """

    def __init__(self, graph: Graph, stream: Any = None) -> None:
        start = time.perf_counter()
        graph = counted(graph)
        check(graph)
        self.graph, self.device = graph, device()
        self.stream = None if stream is None else stream_handle(stream)
        self.seconds: dict[str, float] = {}
        self.cached = True
        found = plan(graph, self.device.grid)
        self.steps, self._partial = found.steps, found.partial
        self._lock = threading.Lock()
        self._input = {node: k for k, node in enumerate(graph.inputs)}
        self._output: dict[Node, int] = {}
        for k, node in enumerate(graph.outputs):
            if node.op.name not in ("input", "constant"):
                self._output.setdefault(node, k)
        self._results = [(node.shape, node.dtype, node.size * node.dtype.itemsize) for node in graph.outputs]
        self._copied = [(k, node) for k, node in enumerate(graph.outputs) if self._output.get(node) != k]
        self._constants: dict[Node, DeviceArray] = {}
        # The table of arguments: what it starts with, and which entries each call fills in from where.
        self._table: dict[tuple[str, Any], int] = {}
        self._start: list[Any] = []
        self._given, self._made, self._within = list[_Pair](), list[_Pair](), list[_Pair]()
        self._sizes, self.words = list[_Pair](), 0
        self._ready: dict[_Pair, _Ready] = {}
        self._wide = []
        for k, step in enumerate(self.steps):
            self._kernel(k, step, step.lanes)
            self._wide.append([self._place(Argument("array", node)) for node in step.wide] if step.lanes > 1 else [])
        self.compile_s = time.perf_counter() - start

    def _kernel(self, number: int, step: Step, lanes: int) -> _Ready:
        if (number, lanes) not in self._ready:
            text, arguments = step.write(lanes)
            kernel, cached = self.device.kernel(text)
            self.cached = self.cached and cached
            launch = self.device.launcher(kernel, step.blocks, step.threads, text.parameters)
            self._ready[number, lanes] = _Ready(launch, _picker([*map(self._place, arguments)]), text, arguments)
        return self._ready[number, lanes]

    def _place(self, one: Argument) -> int:
        """Where the table of a call has this argument; makes room for it."""
        key: tuple[str, Any] = (one.kind, one.value if one.node is None else one.node)
        if key not in self._table:
            self._table[key] = len(self._start)
            self._start.append(self._first(one))
        return self._table[key]

    def _first(self, one: Argument) -> Any:
        """What the table begins with: what is known now, and for temporaries how far into a call's block they lie."""
        node, here = one.node, len(self._start)
        if node is None:
            return one.value
        if one.kind == "number" and node.op.name == "constant":
            return node.value.reshape(-1)[0]
        if one.kind != "partial" and node in self._input:
            self._given.append((here, self._input[node]))
        elif one.kind == "array" and node in self._output:
            self._made.append((here, self._output[node]))
        elif one.kind == "array" and node.op.name == "constant":
            return self._constant(node).address
        else:
            count = self._partial[node] if one.kind == "partial" else node.size
            nbytes = max(count, 1) * node.dtype.itemsize
            self._within.append((here, self.words))
            self._sizes.append((self.words, nbytes))
            self.words += -(-nbytes // _ALIGNED) * _ALIGNED
        return 0

    @property
    def source(self) -> str:
        """The text of every kernel, in the order of their launches."""
        texts = [self._ready[k, step.lanes].text for k, step in enumerate(self.steps)]
        return "\n".join(f"# kernel {k}\n{text.element}{text.source}" for k, text in enumerate(texts))

    @property
    def arguments(self) -> list[int]:
        """How many arguments each launch takes."""
        return [len(self._ready[k, step.lanes].arguments) for k, step in enumerate(self.steps)]

    # Calls.
    def call(self, *args: Any) -> tuple[Any, tuple]:
        """The outputs as ``(first, (others))``: on the device where an argument is there, else on the host."""
        return self._run(args, None)

    def into(self, *args: Any) -> tuple[Any, tuple]:
        """As `call`, with one array for each output that is an array after the arguments."""
        count = len(self.graph.inputs)
        return self._run(args[:count], args[count:])

    def _run(self, args: tuple, out: tuple | None) -> tuple[Any, tuple]:
        here = [type(a) is DeviceArray or on_device(a) for a in args]
        there = True in here
        self._check_places(args, here, out)
        self.device.enter()
        with self._lock:
            found = self._on_device(args, out) if there else self._from_host(args, out)
        return found[0], tuple(found[1:])

    def _check_places(self, args: tuple, here: list[bool], out: tuple | None) -> None:
        there = True in here
        mixed = there and any(not h and np.ndim(a) for h, a in zip(here, args, strict=True))
        if mixed or (out is not None and any(on_device(o) != there for o in out)):
            raise DeviceError(
                "Some arrays lie on the device and some on the host.\n"
                "  Pass all of one kind: cupy.asarray(x) copies to the device, x.get() or a.to_numpy() to the host."
            )

    def _on_device(self, args: tuple, out: tuple | None) -> list[Any]:
        arrays: list[Any] = []
        for k, value in enumerate(args):
            if type(value) is not DeviceArray and not on_device(value):
                arrays.append(value)
                continue
            array = device_array(value, f"argument {k}")
            self.device.check_here(array, f"argument {k}")
            arrays.append(array if self.graph.inputs[k].shape else self._number(array))
        stream = self._stream([a for a in arrays if type(a) is DeviceArray])
        outputs = self._outputs(out, stream)
        if out is not None:
            _check_apart([a for a in arrays if type(a) is DeviceArray], outputs)
        self._launch(arrays, outputs, stream)
        return outputs

    def _number(self, array: DeviceArray) -> Any:
        found = np.empty((), array.dtype)
        self.device.download(found, array.address, array.stream or LEGACY)
        return found[()]

    def _from_host(self, args: tuple, out: tuple | None) -> list[Any]:
        stream = self._stream([])
        marks = [self.device.mark(stream)]
        arrays = [self._uploaded(np.asarray(a, n.dtype), stream) if n.shape else a
                  for a, n in zip(args, self.graph.inputs, strict=True)]  # fmt: skip
        outputs = self._outputs(None, stream)
        marks.append(self.device.mark(stream))
        self._launch(arrays, outputs, stream)
        marks.append(self.device.mark(stream))
        given = iter(out or ())
        found = [self._downloaded(o, next(given, None) if o.shape else None, stream) for o in outputs]
        marks.append(self.device.mark(stream))
        up, kernel, down = self.device.seconds(marks)
        self.seconds.update(kernel_s=kernel, to_device_s=up, to_host_s=down)
        return found

    def resident(self, args: Sequence[Any]) -> tuple:
        """Host arguments as the device has them: arrays copied there, numbers as they are."""
        self.device.enter()
        with self._lock:
            stream = self._stream([])
            pairs = zip(args, self.graph.inputs, strict=True)
            found = tuple(self._uploaded(np.asarray(a, n.dtype), stream) if n.shape else a for a, n in pairs)
            self.device.wait(stream)
        return found

    def _uploaded(self, array: np.ndarray, stream: int) -> DeviceArray:
        array = np.ascontiguousarray(array)
        block = self.device.allocate(array.nbytes, stream)
        self.device.upload(block.address, array, stream)
        return DeviceArray(block.address, array.shape, array.dtype, block, stream)

    def _downloaded(self, array: DeviceArray, into: np.ndarray | None, stream: int) -> Any:
        found = np.empty(array.shape, array.dtype) if into is None else into
        self.device.download(found, array.address, stream)
        return found if array.shape else found.item()

    def _outputs(self, out: tuple | None, stream: int) -> list[DeviceArray]:
        given = iter(out or ())
        found = []
        for k, (shape, dtype, nbytes) in enumerate(self._results):
            target = next(given, None) if shape else None
            if target is None:
                block = self.device.allocate(nbytes, stream)
                found.append(DeviceArray(block.address, shape, dtype, block, stream))
                continue
            array = device_array(target, f"out[{k}]")
            if array.shape != shape or array.dtype != dtype:
                raise DeviceError(f"out[{k}] is {array!r}, and the result is of shape {shape}, {dtype}.")
            self.device.check_here(array, f"out[{k}]")
            found.append(array)
        return found

    def _stream(self, arrays: Sequence[DeviceArray]) -> int:
        """The stream to work on: the option, else the arrays' own; it waits for the other arrays' streams."""
        theirs = list(dict.fromkeys([a.stream for a in arrays if a.stream]))
        stream = self.stream or (theirs[0] if theirs else LEGACY)
        for other in theirs:
            if other != stream:
                self.device.after(stream, other)
        return stream

    def _launch(self, arrays: Sequence[Any], outputs: Sequence[DeviceArray], stream: int) -> None:
        block, table = None, self._start.copy()
        if self.words:
            block = self.device.allocate(self.words, stream)
            self.device.parts(block, self._sizes)
            for here, place in self._within:
                table[here] = block.address + place
        for here, k in self._given:
            table[here] = arrays[k].address if isinstance(arrays[k], DeviceArray) else arrays[k]
        for here, k in self._made:
            table[here] = outputs[k].address
        for number, (step, wide) in enumerate(zip(self.steps, self._wide, strict=True)):
            lanes = step.lanes if all(table[here] % 16 == 0 for here in wide) else 1
            ready = self._ready.get((number, lanes))
            if ready is None:
                ready = self._kernel(number, step, lanes)
                table += self._start[len(table) :]  # sizes: the arrays are those of the wide kernel
            ready.launch(ready.pick(table), stream)
        for k, node in self._copied:
            self._fill(outputs[k], node, arrays, outputs, stream)

    def _constant(self, node: Node) -> DeviceArray:
        if node not in self._constants:
            self._constants[node] = self._uploaded(np.asarray(node.value), LEGACY)
            self.device.wait(LEGACY)
        return self._constants[node]

    def _fill(self, output: DeviceArray, node: Node, arrays: Sequence, outputs: Sequence, stream: int) -> None:
        """An output that no kernel makes: an argument, a constant, or what another output is too."""
        if node in self._output:
            source = outputs[self._output[node]].address
        elif node.op.name == "constant":
            source = self._constant(node).address
        elif node.shape:
            source = arrays[self._input[node]].address
        else:
            self.device.upload(output.address, np.asarray(arrays[self._input[node]], node.dtype), stream)
            return
        if output.nbytes:
            self.device.copy(output.address, source, output.nbytes, stream)


def _picker(places: Sequence[int]) -> Callable[[list[Any]], tuple]:
    """What takes the entries at `places` out of a table."""
    if len(places) == 1:  # itemgetter would give the entry itself
        return lambda table: (table[places[0]],)
    return itemgetter(*places)


def _check_apart(arguments: Sequence[DeviceArray], outputs: Sequence[DeviceArray]) -> None:
    """Refuse results that would be written over arguments, or over each other."""
    places = sorted((a.address, a.address + a.nbytes, k) for k, a in enumerate((*arguments, *outputs)) if a.nbytes)
    for k, (start, _, which) in enumerate(places):
        for earlier_start, end, other in places[:k]:
            if earlier_start <= start < end and max(which, other) >= len(arguments):
                raise DeviceError("out shares memory with an argument, or with itself.\n  Give arrays of its own.")


def stream_handle(stream: Any) -> int:
    """The driver's handle of a stream: a number, or a stream of CuPy, PyTorch, Numba or cuda.core."""
    for name in ("ptr", "cuda_stream", "handle"):
        found = getattr(stream, name, None)
        if found is not None:
            stream = getattr(found, "value", found)
            break
    handle = int(stream or LEGACY)
    return handle if handle > PER_THREAD else max(handle, LEGACY)


def cuda_runner(graph: Graph, stream: Any = None) -> Runner:
    """`graph` as the device runs it.

    Raises
    ------
    UnsupportedOpError
        Where the graph holds what the device does not run; it names the operation.
    MethodUnavailableError
        Where there is no device.
    """
    program = Program(graph, stream)
    count = len(program.steps)
    words = f"CUDA, {count} kernel{'s' * (count != 1)} on {program.device.name}"
    operations = sum(bool(node.args) for node in graph.nodes)
    return Runner(
        program.call, words, program.compile_s, operations, program.source, program.cached, program.into,
        program=program,
    )  # fmt: skip


def bytes_moved(program: Program) -> int:
    """Bytes of the arguments, each read once, and of the results, each written once."""
    nodes = (*program.graph.inputs, *program.graph.outputs)
    return sum(math.prod(node.shape) * node.dtype.itemsize for node in nodes)
