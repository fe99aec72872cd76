"""The static site: the built web app with a bundle beside it. Everything the browser needs, nothing it doesn't."""

from __future__ import annotations

import gzip
import shutil
from pathlib import Path

import msgspec

from safelight import hosting, offline
from safelight.bundle import Bundle, seal, staged
from safelight.errors import BundleError
from safelight.spec import SPEC_NAME, Format, ModelFile, Precision, Spec

WEB_FORMATS: tuple[Format, ...] = ("tfjs", "tflite", "onnx")  # the page opens the first that a bundle has
FIRST_RUNTIMES: dict[str, str] = {"tfjs": "tfjs-wasm", "tflite": "litert-wasm", "onnx": "ort-wasm"}  # with this worker
PRECISIONS: tuple[Precision, ...] = ("fp16", "fp32")  # half the download first
PAGE = "index.html"
APP = Path(__file__).resolve().parent / "webapp"
WORTH_IT = 0.95  # a compressed copy is kept below this share of the file


class RuntimeFiles(msgspec.Struct, frozen=True):
    """A web runtime's files; `kept` of them are what a browser of today fetches."""

    format: str
    files: tuple[str, ...]
    kept: tuple[str, ...]


class Build(msgspec.Struct, frozen=True):
    """What the web app's build says of itself in `build.json`; `webapp/vite/site.ts` writes it."""

    headers: dict[str, str]
    page: tuple[str, ...]
    runtimes: dict[str, RuntimeFiles]


def app_folder() -> Path:
    """The built web app, which lies in this package. Raises BundleError where it isn't built."""
    if not (APP / PAGE).is_file():
        raise BundleError("the web app is not built. In a checkout run: make webapp")
    return APP


def build() -> Build:
    """What the built web app consists of. Raises BundleError where it isn't built, or by another version."""
    path = app_folder() / "build.json"
    try:
        return msgspec.json.decode(path.read_bytes(), type=Build)
    except (OSError, msgspec.DecodeError) as error:
        raise BundleError(f"{path} can't be read: {error}. Build the web app again: make webapp") from error


def write(bundle: Bundle, out: Path, *, precision: Precision | None = None, formats: tuple[Format, ...] = ()) -> None:
    """Write the site to `out` with the bundle's model in each of `formats`, by default the first that the page opens.

    `precision` is fp16 by default, where the bundle has it. Raises BundleError where the bundle lacks what is asked
    for, or `out` holds something that isn't such a site.
    """
    parts, files = build(), _chosen(bundle, precision, formats)
    with staged(out, replaces=PAGE) as stage:
        runtimes = [runtime for runtime in parts.runtimes.values() if runtime.format in {file.format for file in files}]
        app = {*parts.page, *(path for runtime in runtimes for path in runtime.files)}
        for path in sorted(app | {offline.SERVICE_WORKER}):
            _copy(APP / path, stage / path)
            if (APP / f"{path}.br").is_file() and path != offline.SERVICE_WORKER:  # which is about to change
                _copy(APP / f"{path}.br", stage / f"{path}.br")
        spec = _copy_bundle(bundle, stage / "bundle", files)
        first = {f"bundle/{path}" for path in _first_files(spec)} | {*parts.page, *parts.runtimes[FIRST_RUNTIMES[files[0].format]].kept}
        listed = [*app, f"bundle/{SPEC_NAME}", *(f"bundle/{record.path}" for record in spec.records())]
        offline.prepend(offline.describe(stage, listed, first), stage / offline.SERVICE_WORKER)
        for path in [*listed, offline.SERVICE_WORKER]:
            _compress(stage / path)
        hosting.write(stage, parts.headers)


def _chosen(bundle: Bundle, precision: Precision | None, formats: tuple[Format, ...]) -> tuple[ModelFile, ...]:
    """The model files of the site, in the order in which the page prefers them."""
    has = {(file.format, file.precision): file for file in bundle.spec.files if file.format in WEB_FORMATS}
    wanted = sorted(set(formats) or {name for name, _ in has}, key=WEB_FORMATS.index)
    precisions = (precision,) if precision else PRECISIONS
    found = [file for name in wanted if (file := next((has[name, each] for each in precisions if (name, each) in has), None))]
    if not found or (formats and len(found) < len(wanted)):
        names = ", ".join(file.key for file in bundle.spec.files)
        asked = " or ".join(formats or WEB_FORMATS)
        raise BundleError(
            f"{bundle.folder} has no {asked} in {precision or 'fp16 or fp32'}; it has {names}. "
            "Choose another --precision or --format, or export again."
        )
    return tuple(found if formats else found[:1])


def _copy_bundle(bundle: Bundle, folder: Path, files: tuple[ModelFile, ...]) -> Spec:
    spec = msgspec.structs.replace(bundle.spec, files=files)
    for record in spec.records():
        _copy(bundle.path(record), folder / record.path)
    return seal(folder, spec).spec


def _first_files(spec: Spec) -> set[str]:
    """What the page needs of a bundle to classify photos, to try it on its examples, and to let it sit its exam on them."""
    golden = {spec.golden.probabilities.path, *(each.photo.path for each in spec.golden.photos)} if spec.golden else set()
    return {SPEC_NAME, *(part.path for part in spec.files[0].parts), *golden}


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


def _compress(path: Path) -> None:
    """A `.gz` beside a file, where that is worth it: for hosts that take such copies. The same file gives the same bytes."""
    data = path.read_bytes()
    small = gzip.compress(data, 6, mtime=0)  # level 9 saves 0.2 % and takes 4 times as long
    if len(small) < WORTH_IT * len(data):
        path.with_name(f"{path.name}.gz").write_bytes(small)
