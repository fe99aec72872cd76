"""Firefox from the system, headless, with a fresh profile."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

NAME = "firefox"
RUNTIMES = {  # the page's runtime → the format that it opens; headless it has neither WebGL nor a WebGPU adapter
    "onnxruntime-web-wasm": "onnx",
    "tfjs-wasm": "tfjs",
    "litertjs-wasm": "tflite",
    "onnxruntime-web-wasm-2": "onnx",
    "tfjs-cpu": "tfjs",
}
ON_REQUEST = frozenset({"tfjs-cpu", "onnxruntime-web-wasm-2"})
SLOW_RUNTIMES = frozenset({"tfjs-cpu"})
PROGRAMS = ("firefox-esr", "firefox")
MISSING = f"no Firefox: none of {', '.join(PROGRAMS)} is on the PATH. Install firefox-esr, or name one in SAFELIGHT_FIREFOX"

CLOSED_PORT = 9  # of this machine: what Firefox still asks for by itself goes there instead of onto the network
PREFERENCES: dict[str, bool | int | str] = {
    "network.proxy.type": 1,
    "network.proxy.http": "127.0.0.1",
    "network.proxy.http_port": CLOSED_PORT,
    "network.proxy.ssl": "127.0.0.1",
    "network.proxy.ssl_port": CLOSED_PORT,
    "network.proxy.no_proxies_on": "127.0.0.1",
    "network.proxy.failover_direct": False,
    "network.proxy.allow_bypass": False,
    "network.trr.mode": 5,  # no names over https
    "network.dns.disablePrefetch": True,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "app.normandy.enabled": False,
    "app.update.auto": False,
    "app.update.enabled": False,
    "browser.aboutwelcome.enabled": False,
    "browser.newtabpage.enabled": False,
    "browser.region.update.enabled": False,
    "browser.safebrowsing.blockedURIs.enabled": False,
    "browser.safebrowsing.downloads.remote.enabled": False,
    "browser.safebrowsing.malware.enabled": False,
    "browser.safebrowsing.phishing.enabled": False,
    "browser.search.update": False,
    "browser.sessionstore.resume_from_crash": False,
    "browser.shell.checkDefaultBrowser": False,
    "browser.startup.homepage_override.mstone": "ignore",
    "browser.startup.page": 0,
    "browser.topsites.contile.enabled": False,
    "datareporting.healthreport.uploadEnabled": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "dom.push.connection.enabled": False,
    "extensions.getAddons.cache.enabled": False,
    "extensions.systemAddon.update.enabled": False,
    "extensions.update.enabled": False,
    "media.gmp-manager.updateEnabled": False,
    "security.OCSP.enabled": 0,
    "services.settings.server": f"http://127.0.0.1:{CLOSED_PORT}",
    "startup.homepage_welcome_url": "about:blank",
    "toolkit.telemetry.enabled": False,
    "toolkit.telemetry.reportingpolicy.firstRun": False,
    "toolkit.telemetry.server": "",
    "toolkit.telemetry.unified": False,
}


def find() -> str | None:
    """The browser's program; SAFELIGHT_FIREFOX names one that is not on the PATH."""
    names = (os.environ["SAFELIGHT_FIREFOX"],) if "SAFELIGHT_FIREFOX" in os.environ else PROGRAMS
    return next((path for name in names if (path := shutil.which(name))), None)


def prepare(profile: Path) -> dict[str, str]:
    """Fill the fresh profile; the variables to start with. Nothing of the user's own Firefox is read or written."""
    lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});\n" for name, value in PREFERENCES.items()]
    (profile / "user.js").write_text("".join(lines), encoding="utf-8")
    return {"HOME": str(profile), "MOZ_CRASHREPORTER_DISABLE": "1"}


def command(program: str, profile: Path, url: str) -> list[str]:
    """The command that opens `url` headless."""
    return [program, "--headless", "--no-remote", "--profile", str(profile), url]
