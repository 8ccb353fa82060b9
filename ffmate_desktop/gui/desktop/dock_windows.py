"""Progress on the Windows taskbar button: ITaskbarList3, called through its vtable."""

from __future__ import annotations

import ctypes
import uuid
from typing import Any

_CLASS = uuid.UUID("56fdf344-fd6d-11d0-958a-006097c9a090")
_INTERFACE = uuid.UUID("ea1afb91-9e28-4b86-90e9-9e9f8a5eefaf")
_IN_PROCESS = 1
_INIT, _SET_VALUE, _SET_STATE = 3, 9, 10
_NO_PROGRESS, _NORMAL = 0, 2
_STEPS = 1000


class Taskbar:
    """`handle` is the window handle. Raises OSError without a taskbar. Use it only in the thread that created it."""

    def __init__(self, handle: int) -> None:
        load = getattr(ctypes, "OleDLL", None)
        if load is None:
            raise OSError("only Windows has this taskbar")
        self._handle = handle
        self._list = ctypes.c_void_p()
        ole = load("ole32")  # its functions raise OSError for every failure
        ole.CoInitialize(None)
        ole.CoCreateInstance(
            _CLASS.bytes_le, None, _IN_PROCESS, _INTERFACE.bytes_le, ctypes.byref(self._list)
        )
        self._call(_INIT)

    def show(self, share: float | None, running: int) -> None:
        window = ctypes.c_void_p(self._handle)
        self._call(_SET_STATE, window, ctypes.c_int(_NO_PROGRESS if share is None else _NORMAL))
        if share is not None:
            done = ctypes.c_ulonglong(round(_STEPS * share))
            self._call(_SET_VALUE, window, done, ctypes.c_ulonglong(_STEPS))

    def _call(self, method: int, *arguments: Any) -> None:
        """Call a method by its vtable index. The HRESULT return type raises OSError on failure."""
        kinds = [type(argument) for argument in arguments]
        prototype = getattr(ctypes, "WINFUNCTYPE")(getattr(ctypes, "HRESULT"), *kinds)  # noqa: B009 - only Windows has them
        prototype(method, "ITaskbarList3")(self._list, *arguments)
