"""Which variables a program that we start gets: a short list, because anything may stand in an environment.

Names are matched, never values. A name that looks like a secret is left out whatever the list says.
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
# For inputs and outputs that are not files. A task under limits has none.
_OUTWARD = (
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
    """For ffmpeg: paths, language, fonts and hardware; unless `limited`, also the screen, sound and proxies."""
    return _chosen(environment, (*_SYSTEM, *_MEDIA) if limited else (*_SYSTEM, *_MEDIA, *_OUTWARD))


def for_helper(environment: Mapping[str, str]) -> dict[str, str]:
    """For a program of our own in Python, such as the guardian."""
    return _chosen(environment, (*_SYSTEM, *_PYTHON))


def for_own_module(environment: Mapping[str, str]) -> dict[str, str]:
    """The same for a process that imports this package: it finds the one that runs here, installed or not."""
    path = os.pathsep.join(filter(None, (_PACKAGE_PARENT, environment.get("PYTHONPATH"))))
    return for_helper(environment) | {"PYTHONPATH": path}


def for_desktop(environment: Mapping[str, str]) -> dict[str, str]:
    """For a program that talks to the desktop of this user, such as the one that keeps the computer awake."""
    return _chosen(environment, (*_SYSTEM, *_SESSION))


def _chosen(environment: Mapping[str, str], patterns: tuple[str, ...]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if _is_wanted(name.upper(), patterns)}


@lru_cache(maxsize=1024)
def _is_wanted(name: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns) and not _SECRET.search(name)
