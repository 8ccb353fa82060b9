"""The Windows twin of the guardian: a Job Object, which the system ends with all its processes when we are gone."""

import sys

from ffmate_desktop import logs

if sys.platform == "win32":
    import ctypes
    from ctypes import wintypes

    _KILL_ON_CLOSE = 0x2000
    _EXTENDED_LIMITS = 9
    _SET_QUOTA_AND_TERMINATE = 0x0100 | 0x0001

    class _BasicLimits(ctypes.Structure):
        _fields_ = (
            ("per_process_user_time", wintypes.LARGE_INTEGER),
            ("per_job_user_time", wintypes.LARGE_INTEGER),
            ("flags", wintypes.DWORD),
            ("minimum_working_set", ctypes.c_size_t),
            ("maximum_working_set", ctypes.c_size_t),
            ("active_processes", wintypes.DWORD),
            ("affinity", ctypes.c_size_t),
            ("priority_class", wintypes.DWORD),
            ("scheduling_class", wintypes.DWORD),
        )

    class _ExtendedLimits(ctypes.Structure):
        _fields_ = (
            ("basic", _BasicLimits),
            ("io_counters", ctypes.c_ulonglong * 6),
            ("process_memory", ctypes.c_size_t),
            ("job_memory", ctypes.c_size_t),
            ("peak_process_memory", ctypes.c_size_t),
            ("peak_job_memory", ctypes.c_size_t),
        )

    def _kernel() -> ctypes.WinDLL:
        # Without these types ctypes cuts handles to 32 bits.
        kernel = ctypes.WinDLL("kernel32", use_last_error=True)
        kernel.CreateJobObjectW.argtypes = (ctypes.c_void_p, wintypes.LPCWSTR)
        kernel.CreateJobObjectW.restype = wintypes.HANDLE
        kernel.SetInformationJobObject.argtypes = (
            wintypes.HANDLE,
            ctypes.c_int,
            ctypes.c_void_p,
            wintypes.DWORD,
        )
        kernel.SetInformationJobObject.restype = wintypes.BOOL
        kernel.OpenProcess.argtypes = (wintypes.DWORD, wintypes.BOOL, wintypes.DWORD)
        kernel.OpenProcess.restype = wintypes.HANDLE
        kernel.AssignProcessToJobObject.argtypes = (wintypes.HANDLE, wintypes.HANDLE)
        kernel.AssignProcessToJobObject.restype = wintypes.BOOL
        kernel.CloseHandle.argtypes = (wintypes.HANDLE,)
        kernel.CloseHandle.restype = wintypes.BOOL
        return kernel

    class JobObject:
        """One job for all that this program starts. Its only handle is ours, so the system closes it with us.

        The handle is not inheritable. The embedded PostgreSQL is not started here and so is no member: it belongs
        to all programs that use its folder. What a member starts is a member too.

        A process runs for a moment before it is made a member: asyncio cannot start it suspended. A child that it
        starts in that moment is none, and outlives us until the next node on this computer finds its mark.
        """

        def __init__(self, owner: str) -> None:
            del owner  # the handle says who it is
            self._kernel = _kernel()
            self._job: int | None = None

        @property
        def pid(self) -> int | None:
            """There is no process that guards."""
            return None

        def prepare(self) -> None:
            """Have a job; without one, what runs may outlive this program."""
            if self._job is None:
                self._job = self._kernel.CreateJobObjectW(None, None)
                limits = _ExtendedLimits()
                limits.basic.flags = _KILL_ON_CLOSE
                if not self._job or not self._kernel.SetInformationJobObject(
                    self._job, _EXTENDED_LIMITS, ctypes.byref(limits), ctypes.sizeof(limits)
                ):
                    self._complain("Can't create a job object")

        def watch(self, pid: int) -> None:
            """The process shall die with this program. Its number is safe: asyncio holds a handle of it."""
            process = self._kernel.OpenProcess(_SET_QUOTA_AND_TERMINATE, False, pid)
            if not process:  # it has ended
                return
            if not self._job or not self._kernel.AssignProcessToJobObject(self._job, process):
                self._complain(f"Can't add process {pid} to the job object")
            self._kernel.CloseHandle(process)

        def forget(self, pid: int) -> None:
            """The process has ended; the system knows."""

        def close(self) -> None:
            """Nothing is started any more: what still runs is ended."""
            job, self._job = self._job, None
            if job:
                self._kernel.CloseHandle(job)

        def _complain(self, what: str) -> None:
            trouble = ctypes.WinError(ctypes.get_last_error())
            logs.ffmpeg.warning("%s, so child processes may outlive this program: %s", what, trouble)
