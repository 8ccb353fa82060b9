"""The guardian on Windows: a Job Object. The system ends all its processes when this program ends."""

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
        # Without these types, ctypes truncates handles to 32 bits.
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
        """One job for everything that this program starts. It has the only handle, which the system closes with it.

        The handle can't be inherited. The embedded PostgreSQL isn't a member, because it belongs to all programs that
        use its folder. What a member starts is a member, too.

        A process runs briefly before it becomes a member, because asyncio can't start it suspended. A child that it
        starts in this time isn't a member, and outlives us until the next node on this computer finds its mark.
        """

        def __init__(self, owner: str) -> None:
            del owner  # the handle identifies it
            self._kernel = _kernel()
            self._job: int | None = None

        @property
        def pid(self) -> int | None:
            """None: there is no guardian process."""
            return None

        def prepare(self) -> None:
            """Create the job if necessary."""
            if self._job is None:
                self._job = self._kernel.CreateJobObjectW(None, None)
                limits = _ExtendedLimits()
                limits.basic.flags = _KILL_ON_CLOSE
                if not self._job or not self._kernel.SetInformationJobObject(
                    self._job, _EXTENDED_LIMITS, ctypes.byref(limits), ctypes.sizeof(limits)
                ):
                    self._warn("Can't create a job object")

        def watch(self, pid: int) -> None:
            """Add the process to the job. Its PID can't be reused, because asyncio has a handle of it."""
            process = self._kernel.OpenProcess(_SET_QUOTA_AND_TERMINATE, False, pid)
            if not process:  # it has ended
                return
            if not self._job or not self._kernel.AssignProcessToJobObject(self._job, process):
                self._warn(f"Can't add process {pid} to the job object")
            self._kernel.CloseHandle(process)

        def forget(self, pid: int) -> None:
            """Do nothing: the system removes ended processes."""

        def close(self) -> None:
            """End all processes of the job. Nothing may be started afterwards."""
            job, self._job = self._job, None
            if job:
                self._kernel.CloseHandle(job)

        def _warn(self, problem: str) -> None:
            trouble = ctypes.WinError(ctypes.get_last_error())
            logs.ffmpeg.warning("%s, so child processes may outlive this program: %s", problem, trouble)
