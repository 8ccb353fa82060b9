"""Which environment variables child processes get: a short allow list, because an environment can contain anything.

Only names are matched, never values. A name that looks like a secret is left out even if the list allows it.
"""

import fnmatch
import os
import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

_SYSTEM = (
    "PATH", "HOME", "USER", "LOGNAME", "LANG", "LANGUAGE", "LC_*", "TZ", "TMPDIR", "LD_LIBRARY_PATH",
    "DYLD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH", "__CF_USER_TEXT_ENCODING", "XDG_CACHE_HOME", "XDG_CONFIG_HOME",
    "XDG_DATA_HOME", "XDG_DATA_DIRS",
    # Windows
    "SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "COMSPEC", "PATHEXT", "TEMP", "TMP", "USERPROFILE", "USERNAME",
    "HOMEDRIVE", "HOMEPATH", "APPDATA", "LOCALAPPDATA", "PROGRAMDATA", "ALLUSERSPROFILE", "PROGRAMFILES*",
    "COMMONPROGRAMFILES*", "PROGRAMW6432", "NUMBER_OF_PROCESSORS", "PROCESSOR_*", "OS",
)  # fmt: skip
_MEDIA = (
    "FFMPEG_DATADIR", "FONTCONFIG_*", "FREI0R_PATH", "LADSPA_PATH", "LV2_PATH", "TESSDATA_PREFIX", "OMP_*",
    "MALLOC_*", "SVT_LOG",
    # Hardware
    "CUDA_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER", "CUDA_CACHE_*", "CUDA_MPS_PIPE_DIRECTORY", "NVIDIA_VISIBLE_DEVICES",
    "NVIDIA_DRIVER_CAPABILITIES", "LIBVA_*", "VDPAU_*", "MFX_*", "ONEVPL_*", "INTEL_MEDIA_RUNTIME",
    "ZE_AFFINITY_MASK", "LIBGL_*", "MESA_*", "DRI_PRIME", "GBM_*", "RADV_*", "AMD_VULKAN_ICD", "VK_ICD_FILENAMES",
    "VK_DRIVER_FILES", "VK_ADD_DRIVER_FILES", "OCL_ICD_*", "HIP_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES",
    "GPU_DEVICE_ORDINAL", "HSA_OVERRIDE_GFX_VERSION",
)  # fmt: skip
# For inputs and outputs that aren't files. Tasks under file limits don't get these.
_DEVICES_AND_NETWORK = (
    "DISPLAY", "XAUTHORITY", "WAYLAND_DISPLAY", "XDG_RUNTIME_DIR", "PULSE_SERVER", "JACK_*", "ALSA_*", "HTTP_PROXY",
    "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR",
)  # fmt: skip
_PYTHON = ("PYTHONHOME", "PYTHONPATH", "PYTHONUTF8", "VIRTUAL_ENV", "__PYVENV_LAUNCHER__")
_SESSION = (
    "DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR", "XDG_SESSION_ID", "DISPLAY", "XAUTHORITY", "WAYLAND_DISPLAY",
)  # fmt: skip
_PACKAGE_PARENT = str(Path(__file__).parents[2])
_SECRET = re.compile(r"KEY|TOKEN|SECRET|PASS|CREDENTIAL|AUTH(?!ORITY)", re.IGNORECASE)


def for_media(environment: Mapping[str, str], *, limited: bool = False) -> dict[str, str]:
    """For ffmpeg: paths, language, fonts and hardware; unless `limited`, also screen, sound and proxies."""
    return _filtered(
        environment, (*_SYSTEM, *_MEDIA) if limited else (*_SYSTEM, *_MEDIA, *_DEVICES_AND_NETWORK)
    )


def for_helper(environment: Mapping[str, str]) -> dict[str, str]:
    """For our own Python programs, such as the guardian."""
    return _filtered(environment, (*_SYSTEM, *_PYTHON))


def for_own_module(environment: Mapping[str, str]) -> dict[str, str]:
    """The same for a process that imports this package: it finds this copy, whether installed or not."""
    return for_helper(environment) | {"PYTHONPATH": own_python_path(environment)}


def own_python_path(environment: Mapping[str, str]) -> str:
    """PYTHONPATH for a process that imports the same copy of this package."""
    return os.pathsep.join(filter(None, (_PACKAGE_PARENT, environment.get("PYTHONPATH"))))


def for_desktop(environment: Mapping[str, str]) -> dict[str, str]:
    """For programs that talk to the user's desktop session, such as the one that keeps the computer awake."""
    return _filtered(environment, (*_SYSTEM, *_SESSION))


def _filtered(environment: Mapping[str, str], patterns: tuple[str, ...]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if _is_allowed(name.upper(), patterns)}


@lru_cache(maxsize=1024)
def _is_allowed(name: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns) and not _SECRET.search(name)
