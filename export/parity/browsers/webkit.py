"""WebKitGTK's MiniBrowser from the system, on a screen of its own (Xvfb), with a fresh home."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

NAME = "webkit"
# The page's runtime → the format that it opens. Version 2.50 has no WebGL in workers, and falls back to one thread.
RUNTIMES = {
    "onnxruntime-web-wasm": "onnx",
    "tfjs-wasm": "tfjs",
    "litertjs-wasm": "tflite",
    "tfjs-cpu": "tfjs",
}
ON_REQUEST = frozenset({"tfjs-cpu"})
SLOW_RUNTIMES = ON_REQUEST
FOLDERS = ("/usr/lib", "/usr/lib64", "/usr/libexec")
PLACES = ("webkit2gtk-4.*/MiniBrowser", "webkitgtk-6.*/MiniBrowser", "*/webkit2gtk-4.*/MiniBrowser", "*/webkitgtk-6.*/MiniBrowser")
SCREEN = "xvfb-run"  # WebKitGTK has no headless mode
MISSING = f"no WebKitGTK: needs its MiniBrowser and {SCREEN}. Install webkit2gtk-driver and xvfb, or name a MiniBrowser in SAFELIGHT_WEBKIT"


def find() -> str | None:
    """The browser's program; SAFELIGHT_WEBKIT names one that is elsewhere. None without Xvfb, too."""
    if shutil.which(SCREEN) is None:
        return None
    if "SAFELIGHT_WEBKIT" in os.environ:
        return shutil.which(os.environ["SAFELIGHT_WEBKIT"])
    found = (path for folder in FOLDERS for place in PLACES for path in sorted(Path(folder).glob(place), reverse=True))
    return next((str(path) for path in found), None)


def prepare(profile: Path) -> dict[str, str]:
    """Fill the fresh home; the variables to start with. Nothing of the user's own is read or written."""
    homes = {name: profile / name.lower() for name in ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR", "TMPDIR")}
    for folder in homes.values():
        folder.mkdir(mode=0o700)
    sandbox = {"WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS": "1"} if os.geteuid() == 0 else {}  # its sandbox refuses root
    quiet = {"GDK_BACKEND": "x11", "NO_AT_BRIDGE": "1", "GSETTINGS_BACKEND": "memory"}  # no session bus is needed
    return {"HOME": str(profile)} | {name: str(folder) for name, folder in homes.items()} | sandbox | quiet


def command(program: str, profile: Path, url: str) -> list[str]:
    """The command that opens `url`; xvfb-run takes a free screen and ends with the browser."""
    return [SCREEN, "--auto-servernum", program, "--private", url]
