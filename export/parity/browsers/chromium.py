"""Chromium, Chrome or Edge from the system, headless, with a fresh profile."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

NAME = "chromium"
RUNTIMES = {  # the page's runtime → the format that it opens
    "onnxruntime-web-wasm": "onnx",
    "tfjs-wasm": "tfjs",
    "tfjs-webgl": "tfjs",
    "litertjs-wasm": "tflite",
    "onnxruntime-web-wasm-2": "onnx",
    "tfjs-cpu": "tfjs",
    "onnxruntime-web-webgpu": "onnx",
    "tfjs-webgpu": "tfjs",
    "litertjs-webgpu": "tflite",
}
# Without a GPU both run on SwiftShader: WebGL takes 340 ms a photo instead of 35, WebGPU 1,600 (LiteRT.js) to 5,500.
WEBGPU = frozenset({"onnxruntime-web-webgpu", "tfjs-webgpu", "litertjs-webgpu"})
ON_REQUEST = WEBGPU | {"tfjs-cpu", "onnxruntime-web-wasm-2"}
SLOW_RUNTIMES = WEBGPU | {"tfjs-webgl", "tfjs-cpu"}
PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge")
MISSING = f"no browser: none of {', '.join(PROGRAMS)} is on the PATH. Install chromium, or name one in SAFELIGHT_CHROMIUM"


def find() -> str | None:
    """The browser's program; SAFELIGHT_CHROMIUM names one that is not on the PATH."""
    names = (os.environ["SAFELIGHT_CHROMIUM"],) if "SAFELIGHT_CHROMIUM" in os.environ else PROGRAMS
    return next((path for name in names if (path := shutil.which(name))), None)


def prepare(profile: Path) -> dict[str, str]:
    """Nothing: it fills a fresh profile by itself."""
    return {}


def command(program: str, profile: Path, url: str) -> list[str]:
    """The command that opens `url` headless. The flags keep it from calling home and from pausing hidden pages."""
    sandbox = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []  # its sandbox refuses root
    return [
        program,
        "--headless",
        *sandbox,
        f"--user-data-dir={profile}",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--disable-quic",
        "--disable-dev-shm-usage",
        "--enable-unsafe-webgpu",  # the name is for its use on SwiftShader: without it a machine without a GPU has none
        "--remote-debugging-port=0",  # without it a headless Chromium prints the page and ends
        url,
    ]
