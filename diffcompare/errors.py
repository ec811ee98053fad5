"""Every exception of diffcompare: one root, and each also a child of the builtin a caller would expect."""


class DiffCompareError(Exception):
    """Root of every error that diffcompare raises on purpose."""

    def __str__(self) -> str:
        # KeyError shows the repr of its argument, which hides the line breaks of a message.
        return str(self.args[0]) if self.args else ""


class TraceError(DiffCompareError, TypeError):
    """A function asked a traced value for something that only a number has (`if x > 0`, `float(x)` …)."""


class ParseError(DiffCompareError, ValueError):
    """A text is not an expression of the accepted language."""


class ShapeError(DiffCompareError, ValueError):
    """The shape, or the number, of arguments or outputs is not what the operation takes."""


class IndexOutOfRangeError(ShapeError, IndexError):
    """An index that does not fit the shape it is applied to."""


class DTypeError(DiffCompareError, TypeError):
    """A data type that cannot be differentiated or computed with."""


class UnsupportedOpError(DiffCompareError, NotImplementedError):
    """A NumPy function, or an operation of the graph, that the thing at hand cannot run."""


class SizeLimitError(DiffCompareError, ValueError):
    """The work asked for is larger than a declared limit; nothing was computed."""


class MethodUnavailableError(DiffCompareError, RuntimeError):
    """A method that cannot run here, or cannot give what was asked of it."""


class DeviceError(DiffCompareError, RuntimeError):
    """A device, or where the arrays for it lie, does not fit what was asked."""


class UnknownNameError(DiffCompareError, KeyError):
    """A name (of a method, problem, operation) that does not exist."""


class OptionError(DiffCompareError, ValueError):
    """An option of a method or function with a value that it does not take."""


class MissingPackageError(DiffCompareError, ImportError):
    """An optional package that is needed here is not installed."""


class DataError(DiffCompareError, ValueError):
    """A data file that does not hold what its format promises."""


class GradientMismatchError(DiffCompareError, AssertionError):
    """A claimed gradient is not the derivative of its function."""


class InternalError(DiffCompareError, AssertionError):
    """diffcompare contradicts itself: a defect of the library; please report it with the message."""
