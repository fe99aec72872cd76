"""One target in this process: `python -m fuzz.one TARGET [libFuzzer's options] CORPUS`. It ends at the first finding."""

from __future__ import annotations

import importlib
import sys

import atheris


def main() -> None:
    """Hand the process over to libFuzzer; its coverage is that of our code and of Pillow's Python code."""
    name, *options = sys.argv[1:]
    with atheris.instrument_imports(
        include=["safelight", "export.diagnose.dump", "export.golden", "PIL", "fuzz.targets", name.partition(":")[0]]
    ):
        for plugin in ("Jpeg", "Png", "WebP", "Avif", "Gif", "Bmp"):  # Pillow would load them at the first photo, too late
            importlib.import_module(f"PIL.{plugin}ImagePlugin")
        from fuzz.targets import load
    atheris.Setup([f"fuzz.one {name}", *options], load(name))
    atheris.Fuzz()


if __name__ == "__main__":
    main()
