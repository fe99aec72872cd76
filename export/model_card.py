"""The bundle's README.md: what the model is, how good it is, what was proven, how to use it."""

from __future__ import annotations

from safelight.spec import Spec

MAX_LABELS = 50  # listed by name; ImageNet's 1000 would bury the rest


def render(spec: Spec) -> str:
    """The model card as Markdown; nothing private, equal specs give equal text."""
    labels = ", ".join(label.id for label in spec.labels[:MAX_LABELS]) + (", …" if len(spec.labels) > MAX_LABELS else "")
    resize = {
        "crop": f"shorter side to {spec.input.resize_to}, centre {spec.input.size} × {spec.input.size}",
        "stretch": f"stretched to {spec.input.size} × {spec.input.size}",
        "pad": f"longer side to {spec.input.size}, padded to a square",
    }[spec.input.geometry]
    lines = [
        f"# {spec.name}",
        "",
        f"An image classifier with {len(spec.labels)} classes: {labels}.",
        "",
        f"- Network: {spec.model.architecture}, {spec.model.parameters:,} parameters, {spec.provenance.source}",
        f"- Input: {resize}, {spec.input.filter}, antialiased; `pixels` float32 [N,{spec.input.size},{spec.input.size},3], RGB 0..255",
        "- Output: `probabilities` float32 [N,C]" + (", `heatmap` [N,h,w,C]" if spec.model.heatmap else "") + _feature_maps(spec),
        *(f"- {name.replace('_', ' ').capitalize()}: {value:.4f}" for name, value in spec.provenance.metrics.items()),
        *(f"- Photos for {split}: {count}" for split, count in spec.provenance.photos.items()),
        "",
        "## Files, and the proof that they agree with PyTorch",
        "",
        "| file | MB | largest difference of a probability | proven by | against fp32 |",
        "|---|---:|---:|---|---:|",
    ]
    for file in spec.files:
        worst = max((parity.max_abs_probability for parity in file.parity), default=float("nan"))
        proven = ", ".join(parity.runtime for parity in file.parity)
        lines.append(f"| `{file.parts[0].path}` | {file.size_bytes / 1e6:.1f} | {worst:.1e} | {proven} | {file.max_abs_from_fp32:.1e} |")
    lines += [
        "",
        "A file is held to PyTorch with weights of the same precision; the last column is what that precision costs.",
        "`spec.json` is the contract, `golden/` the photos to test a port with, `parity.html` the whole report.",
        "",
        "    safelight verify THIS_FOLDER",
        "    safelight predict THIS_FOLDER photo.jpg",
        "",
    ]
    return "\n".join(lines)


def _feature_maps(spec: Spec) -> str:
    layers = ", ".join(one.layer for one in spec.model.feature_maps)
    return f"; feature maps of the layers {layers}, named `features.LAYER`" if layers else ""
