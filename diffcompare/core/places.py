"""Where in the user's own code something happened."""

from __future__ import annotations

import linecache
import os
import sys
from types import FrameType

_OWN = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
_NUMPY = os.sep + "numpy" + os.sep


def user_line() -> str:
    """The innermost line outside diffcompare and NumPy that led here, as `file:number: code`."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        file = frame.f_code.co_filename
        if not file.startswith(_OWN) and _NUMPY not in file:
            code = linecache.getline(file, frame.f_lineno).strip()
            return f"{file}:{frame.f_lineno}: {code}" if code else f"{file}:{frame.f_lineno}"
        frame = frame.f_back
    return "an unknown line"
