"""seccomp: keep the calling thread, and every process that it starts, from system calls that reach beyond files.

No sockets of any kind (io_uring can open some, too), no access to other processes, no mounts or namespaces, and no
changes of permissions, owners and times of files. A refused call fails with EPERM; nothing is killed. This module
imports little, because the probe waits for it.
"""

import ctypes
import os
import platform
import struct
import sys

# The numbers of a system call on x86_64 and aarch64. None if the call doesn't exist there.
_REFUSED: dict[str, tuple[int | None, int | None]] = {
    # Sockets. Not sendto and the like: the thread that starts ffmpeg wakes the event loop through a socket pair.
    "socket": (41, 198), "socketpair": (53, 199), "connect": (42, 203), "bind": (49, 200), "listen": (50, 201),
    "accept": (43, 202), "accept4": (288, 242),
    "io_uring_setup": (425, 425), "io_uring_enter": (426, 426), "io_uring_register": (427, 427),
    # Other processes
    "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271), "kcmp": (312, 272),
    "pidfd_open": (434, 434), "pidfd_getfd": (438, 438), "pidfd_send_signal": (424, 424),
    "process_madvise": (440, 440), "perf_event_open": (298, 241),
    # Ways around the file rules
    "open_by_handle_at": (304, 265), "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41),
    "chroot": (161, 51), "unshare": (272, 97), "setns": (308, 268), "open_tree": (428, 428), "move_mount": (429, 429),
    "fsopen": (430, 430), "fsconfig": (431, 431), "fsmount": (432, 432), "fspick": (433, 433),
    "mount_setattr": (442, 442), "mknod": (133, None), "mknodat": (259, 33),
    # What Landlock doesn't cover: permissions, owners, times and attributes of all files of the account
    "chmod": (90, None), "fchmod": (91, 52), "fchmodat": (268, 53), "fchmodat2": (452, 452), "chown": (92, None),
    "fchown": (93, 55), "lchown": (94, None), "fchownat": (260, 54), "utime": (132, None), "utimes": (235, None),
    "futimesat": (261, None), "utimensat": (280, 88), "setxattr": (188, 5), "lsetxattr": (189, 6),
    "fsetxattr": (190, 7), "setxattrat": (463, 463), "removexattr": (197, 14), "lremovexattr": (198, 15),
    "fremovexattr": (199, 16), "removexattrat": (466, 466),
    # The kernel itself
    "bpf": (321, 280), "userfaultfd": (323, 282), "add_key": (248, 217), "request_key": (249, 218),
    "keyctl": (250, 219), "init_module": (175, 105), "finit_module": (313, 273), "delete_module": (176, 106),
    "kexec_load": (246, 104), "kexec_file_load": (320, 294), "reboot": (169, 142), "swapon": (167, 224),
    "swapoff": (168, 225), "acct": (163, 89), "quotactl": (179, 60), "quotactl_fd": (443, 443),
    "syslog": (103, 116), "settimeofday": (164, 170), "clock_settime": (227, 112), "sethostname": (170, 161),
    "setdomainname": (171, 162), "iopl": (172, None), "ioperm": (173, None), "fanotify_init": (300, 262),
}  # fmt: skip
_CLONE, _CLONE3 = (56, 220), 435
_NEW_NAMESPACES = 0x7E020080  # CLONE_NEW*: namespaces of mounts, users, processes, networks …
_MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
_X32 = 0x40000000

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT = 0, 4, 16  # offsets in seccomp_data
_ALLOW = 0x7FFF0000
_REFUSE, _UNKNOWN = 0x00050000 | 1, 0x00050000 | 38  # EPERM, ENOSYS

_SECCOMP = (317, 277)
_SET_FILTER, _ACTION_AVAILABLE = 1, 2
_KEEP_SPEED = 4  # SECCOMP_FILTER_FLAG_SPEC_ALLOW: without it, kernels before 5.16 slow the program down
_NO_NEW_PRIVILEGES = 38


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def is_supported() -> bool:
    """Return whether this kernel supports the filter, and we know the calls of this processor."""
    is_known = platform.machine() in _MACHINES and sys.maxsize > 1 << 32  # 32-bit programs use other calls
    return sys.platform == "linux" and is_known and _is_available()


def restrict_calls() -> None:
    """Permanently refuse these calls for this thread and what it starts. Raises OSError."""
    code = filter_program(platform.machine())
    bpf = _Program(len(code) // 8, code)
    libc = ctypes.CDLL(None, use_errno=True)
    if (
        libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0) < 0
        or libc.syscall(_seccomp(), _SET_FILTER, _KEEP_SPEED, ctypes.byref(bpf)) < 0
    ):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def _is_available() -> bool:
    action = ctypes.c_uint32(_REFUSE & 0xFFFF0000)
    libc = ctypes.CDLL(None, use_errno=True)
    return bool(libc.syscall(_seccomp(), _ACTION_AVAILABLE, 0, ctypes.byref(action)) == 0)


def filter_program(machine: str) -> bytes:
    """Return the filter as classic BPF, eight bytes per instruction."""
    column, architecture = _MACHINES[machine]
    refused = sorted(number for numbers in _REFUSED.values() if (number := numbers[column]) is not None)
    code = [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_EQUAL, 1, 0, architecture),
        (_RETURN, 0, 0, _REFUSE),  # calls of another architecture, such as 32-bit, have other numbers
        (_LOAD, 0, 0, _NUMBER),
        (_AT_LEAST, 0, 1, _X32),
        (_RETURN, 0, 0, _REFUSE),
        # A filter can't read the flags of clone3, which are in memory. The C library falls back to clone.
        (_EQUAL, 0, 1, _CLONE3),
        (_RETURN, 0, 0, _UNKNOWN),
        (_EQUAL, 0, 4, _CLONE[column]),
        (_LOAD, 0, 0, _FIRST_ARGUMENT),
        (_ANY_BIT, 0, 1, _NEW_NAMESPACES),
        (_RETURN, 0, 0, _REFUSE),
        (_RETURN, 0, 0, _ALLOW),
    ]
    for number in refused:
        code += [(_EQUAL, 0, 1, number), (_RETURN, 0, 0, _REFUSE)]
    code.append((_RETURN, 0, 0, _ALLOW))
    return b"".join(struct.pack("=HBBI", *instruction) for instruction in code)


def _seccomp() -> int:
    return _SECCOMP[_MACHINES[platform.machine()][0]]
