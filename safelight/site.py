"""The static site: the built web app with a bundle beside it. Everything the browser needs, nothing it doesn't."""

from __future__ import annotations

import shutil
from pathlib import Path

import msgspec

from safelight.bundle import Bundle, seal, staged
from safelight.errors import BundleError
from safelight.spec import Format, ModelFile, Precision

WEB_FORMATS: tuple[Format, ...] = ("tfjs", "tflite", "onnx")
PAGE = "index.html"
APP = Path(__file__).resolve().parent / "webapp"


def app_folder() -> Path:
    """The built web app, which lies in this package. Raises BundleError where it isn't built."""
    if not (APP / PAGE).is_file():
        raise BundleError("the web app is not built. In a checkout run: make webapp")
    return APP


def write(bundle: Bundle, out: Path, *, precision: Precision) -> None:
    """Write the site to `out` with the bundle's web formats in one precision.

    Raises BundleError where the bundle has none of them, or `out` holds something that isn't such a site.
    """
    files = tuple(file for file in bundle.spec.files if file.format in WEB_FORMATS and file.precision == precision)
    if not files:
        has = ", ".join(file.key for file in bundle.spec.files)
        raise BundleError(f"{bundle.folder} has no web format in {precision}; it has {has}. Choose another --precision or export again.")
    with staged(out, replaces=PAGE) as stage:
        shutil.copytree(app_folder(), stage, dirs_exist_ok=True, ignore=shutil.ignore_patterns("verify*"))
        _copy(bundle, stage / "bundle", files)


def _copy(bundle: Bundle, folder: Path, files: tuple[ModelFile, ...]) -> None:
    spec = msgspec.structs.replace(bundle.spec, files=files)
    for record in spec.records():
        (folder / record.path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(bundle.path(record), folder / record.path)
    seal(folder, spec)
