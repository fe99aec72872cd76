"""Checkpoint → proven bundle: write every format, let every runtime prove it, and only then seal `spec.json`.

What can't be proven is not shipped: the bundle doesn't come into being, and the report that says why is left beside
its place as NAME.failed/.
"""

from __future__ import annotations

import importlib.metadata
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import numpy as np
from numpy.typing import NDArray

from export import golden, imagenet, model_card
from export.exported import Exported, prepare
from export.formats import FORMATS
from export.parity import report
from export.parity.reference import of_network
from export.parity.verify import Progress, VerifyOptions, verify
from safelight.bundle import Bundle, seal, staged
from safelight.checkpoint import load_run
from safelight.errors import BundleError, ExportError, ParityFailure, UnsupportedOperator
from safelight.models import is_backbone
from safelight.spec import Format, GoldenPhoto, ModelFile, Parity, Precision, Provenance, Spec

if TYPE_CHECKING:
    from safelight.models.network import Network

EXPORT_FORMATS: tuple[Format, ...] = ("onnx", "tflite", "tfjs")
PRECISIONS: tuple[Precision, ...] = ("fp32", "fp16")


@dataclass(frozen=True)
class ShipOptions:
    """What to write and how to prove it. The command line reads its defaults from here."""

    formats: tuple[Format, ...] = EXPORT_FORMATS
    precisions: tuple[Precision, ...] = PRECISIONS
    golden: Path | None = None  # a folder of the user's own photos: they become part of the bundle
    feature_maps: tuple[str, ...] = ()  # layers of the trunk whose maps become outputs, or ("auto",)
    browsers: tuple[str, ...] = ("chromium",)
    require: tuple[str, ...] = ()


@dataclass(frozen=True)
class Shipped:
    """A sealed bundle, its proof, and the formats that could not be written."""

    bundle: Bundle
    report: report.ParityReport
    left_out: dict[Format, UnsupportedOperator]


def ship(source: str, out: Path, options: ShipOptions, on_progress: Progress = lambda *_: None) -> Shipped:
    """Export a run's folder, or a pretrained backbone by name, to the bundle `out`.

    Raises BundleError, ModelError or SpecError for a bad source, ExportError where no format can be written,
    UsageError for a layer that can't be shown, ParityFailure where a runtime disagrees: then `out` is not touched.
    """
    on_progress("load the network", 0, 1)
    network, spec = _load(source)
    with staged(out) as stage:
        photos, pixels = _write_photos(spec, stage, options)
        if options.feature_maps:
            spec = _with_feature_maps(network, spec, options.feature_maps, pixels)
        on_progress("trace the network to ONNX", 0, 1)
        exported = prepare(network, spec)
        files, left_out = _write_models(exported, stage, options, on_progress)
        model = msgspec.structs.replace(spec.model, heatmap=_heatmap_size(files))
        spec = msgspec.structs.replace(spec, files=files, model=model, provenance=_with_versions(spec))
        answers = _answers(network, spec, options.precisions, pixels)
        spec = msgspec.structs.replace(spec, golden=golden.write_answers(stage, photos, spec.labels, answers))
        # WebGL without a GPU compiles its shaders for 10 s and more: that proof is left to `safelight verify`.
        how = VerifyOptions(browsers=options.browsers, require=options.require, slow_images=0, overlap=True)
        proof = verify(Bundle(stage, spec), how, on_progress)
        spec = msgspec.structs.replace(spec, files=tuple(_with_proof(file, proof, answers) for file in spec.files))
        report.write(proof, json_path=stage / "parity.json", junit_path=stage / "parity.xml", html_path=stage / "parity.html")
        _refuse_unproven(spec, proof, stage, out)
        (stage / "README.md").write_text(model_card.render(spec), encoding="utf-8")
        seal(stage, spec)
    return Shipped(Bundle(out, spec), proof, left_out)


def _load(source: str) -> tuple[Network, Spec]:
    folder = Path(source)
    if folder.is_dir():
        network, spec = load_run(folder)
        if spec.files:
            raise BundleError(f"{folder} is a bundle already. Export the run that it was made from.")
        return network, spec
    if "/" in source or not is_backbone(source):
        raise BundleError(f"{source} is neither a folder that safelight train wrote nor a backbone's name such as efficientnet_lite0.")
    return imagenet.load(source)


def _write_models(
    exported: Exported, stage: Path, options: ShipOptions, on_progress: Progress
) -> tuple[tuple[ModelFile, ...], dict[Format, UnsupportedOperator]]:
    """The PyTorch reference and every format that can be written, in every precision that was asked for."""
    files = [FORMATS["pytorch"].write(exported, "fp32", stage)]
    left_out: dict[Format, UnsupportedOperator] = {}
    for done, name in enumerate(options.formats):
        on_progress(f"write {name}", done, len(options.formats))
        try:
            files += [FORMATS[name].write(exported, precision, stage) for precision in options.precisions]
        except UnsupportedOperator as error:
            left_out[name] = error
    if len(files) == 1:
        raise ExportError("; ".join(str(error) for error in left_out.values())) from next(iter(left_out.values()), None)
    return tuple(files), left_out


def _heatmap_size(files: tuple[ModelFile, ...]) -> tuple[int, int] | None:
    shapes = [output.shape for file in files for output in file.outputs if output.name == "heatmap"]
    return (shapes[0][1], shapes[0][2]) if shapes else None


def _write_photos(spec: Spec, stage: Path, options: ShipOptions) -> tuple[tuple[GoldenPhoto, ...], tuple[NDArray[np.uint8], ...]]:
    """The golden photos, and their pixels [S,S,3]."""
    own = golden.own_photos(options.golden) if options.golden else iter(())
    photos, pixels = zip(*golden.write_photos(stage, chain(golden.public_photos(), own), spec.input), strict=True)
    return photos, pixels


def _with_feature_maps(network: Network, spec: Spec, layers: tuple[str, ...], pixels: Sequence[NDArray[np.uint8]]) -> Spec:
    from export.feature_maps import choose

    model = msgspec.structs.replace(spec.model, feature_maps=choose(network, spec.input.size, layers, pixels))
    return msgspec.structs.replace(spec, model=model)


def _answers(
    network: Network, spec: Spec, precisions: Sequence[Precision], pixels: Sequence[NDArray[np.uint8]]
) -> Mapping[Precision, NDArray[np.float32]]:
    """PyTorch's answers in each precision, [photos, C]."""
    of_precision = of_network(network, spec)
    answers: dict[Precision, NDArray[np.float32]] = {}
    for precision in dict.fromkeys(("fp32", *precisions)):
        answer = of_precision(precision)
        answers[precision] = np.array([answer(one) for one in pixels])
    return answers


def _with_proof(file: ModelFile, proof: report.ParityReport, answers: Mapping[Precision, NDArray[np.float32]]) -> ModelFile:
    """The file's record with what was measured of it, and what its precision costs against fp32."""
    rows = {name: row for name, row in proof.runtimes.items() if name.endswith(f"/{file.key}") and row.status == "pass"}
    exact, own = answers["fp32"], answers[file.precision]
    return msgspec.structs.replace(
        file,
        parity=tuple(
            Parity(
                runtime=name.removesuffix(f"/{file.key}"),
                images=row.images,
                max_abs_probability=row.max_abs_probability,
                mean_abs_probability=row.mean_abs_probability,
                flips=row.flips,
            )
            for name, row in rows.items()
        ),
        max_abs_from_fp32=float(np.abs(own - exact).max()),
        label_agreement=float((own.argmax(1) == exact.argmax(1)).mean()),
    )


def _refuse_unproven(spec: Spec, proof: report.ParityReport, stage: Path, out: Path) -> None:
    """Raise ParityFailure unless every runtime agreed and every file was proven by at least one."""
    unproven = [file.key for file in spec.files if not file.parity]
    if proof.passed and not unproven:
        return
    failed = out.with_name(f"{out.name}.failed")
    failed.mkdir(exist_ok=True)
    for name in ("parity.json", "parity.xml", "parity.html"):
        shutil.copyfile(stage / name, failed / name)
    failures: dict[str, list[str]] = {}
    for name, row in proof.runtimes.items():
        if row.status == "fail":
            failures.setdefault(row.reason, []).append(name)
    reasons = [f"{', '.join(names)}: {reason}" for reason, names in failures.items()] + list(proof.problems)
    reasons += [f"{key}: no runtime here could prove it" for key in unproven if not any(key in reason for reason in reasons)]
    raise ParityFailure(f"{out} was not written, a runtime disagrees. {'; '.join(reasons)}. The whole report: {failed / 'parity.html'}")


def _with_versions(spec: Spec) -> Provenance:
    versions = dict(spec.provenance.versions)
    for package in ("safelight", "torch", "onnx", "pillow"):
        versions[package] = importlib.metadata.version(package)
    return msgspec.structs.replace(spec.provenance, versions=dict(sorted(versions.items())))
