"""One photo, one network: every method in turn, then the pictures and the page."""

from __future__ import annotations

import difflib
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from rich.console import Console

from safelight.bundle import open_bundle, read_spec, staged
from safelight.checkpoint import load_run
from safelight.decode import decode
from safelight.errors import UsageError
from safelight.models.network import Network
from safelight.resize import resize
from safelight.spec import Spec
from safelight.task import Prediction, predict
from safelight.threads import one_thread
from train.explain.filters import Seen, choose, maximise
from train.explain.heat import Heat, heat
from train.explain.occlusion import Occlusion, occlude
from train.explain.options import ExplainOptions
from train.explain.stages import Stage, liveliest, look
from train.progress import progress

PAGE_NAME = "explain.html"


@dataclass(frozen=True)
class Explained:
    """Everything that was found out about one photo."""

    source: Path  # the run or the bundle
    photo: Path
    spec: Spec
    options: ExplainOptions
    pixels: NDArray[np.uint8]  # [S,S,3], what the network was given
    probabilities: NDArray[np.float32]  # [C]
    prediction: Prediction
    label: int  # the class that occlusion follows
    heat: Heat | None
    classes: tuple[int, ...]  # of the heat maps
    occlusion: Occlusion
    stages: Sequence[Stage]
    filters: Sequence[Sequence[Seen]]  # by layer
    seconds: float


def explain(
    source: Path, photo: Path, out: Path | None = None, options: ExplainOptions | None = None, console: Console | None = None
) -> Path:
    """Explain what the run or bundle `source` sees in `photo`; returns the page, which lies in `out` beside the pictures.

    Without `out` that is SOURCE.explain/PHOTO. Raises UsageError, PhotoError, BundleError, SpecError or ModelError.
    """
    from train.explain import page

    options = options or ExplainOptions()
    out = out or default_out(source, photo)
    network, spec = _open(source, out)
    labels = [label.id for label in spec.labels]
    wanted = _choose_label(options.label, labels)
    pixels = resize(decode(photo, limits=options.limits), spec.input)
    with (
        staged(out, replaces=PAGE_NAME) as stage,
        one_thread(),
    ):  # the same bytes everywhere; on busy cores more threads wait for each other
        page.write(stage, _look_into(network, spec, source, photo, pixels, wanted, options, console or Console(quiet=True)))
    return out / PAGE_NAME


def default_out(source: Path, photo: Path) -> Path:
    """Beside the run, never in it: a bundle is for publishing, and a training replaces its run."""
    source = source.resolve()
    return source.with_name(f"{source.name}.explain") / photo.stem


def _open(source: Path, out: Path) -> tuple[Network, Spec]:
    """The network, frozen and in eval mode. Raises UsageError where `out` lies in a bundle."""
    if read_spec(source).files:
        if out.resolve().is_relative_to(source.resolve()):
            raise UsageError(
                f"{out} is inside the bundle, which is for publishing, and an explanation shows your photo. Write it elsewhere."
            )
        open_bundle(source)  # compares the checksums
    network, spec = load_run(source)
    return network.requires_grad_(False).to(memory_format=torch.channels_last), spec


def _choose_label(wanted: str | None, labels: list[str]) -> int | None:
    if wanted is None:
        return None
    if wanted not in labels:
        close = difflib.get_close_matches(wanted, labels, n=3, cutoff=0.4) or labels[:10]
        raise UsageError(f"the network has no class {wanted!r}. Did you mean {', '.join(close)}?")
    return labels.index(wanted)


def _look_into(
    network: Network,
    spec: Spec,
    source: Path,
    photo: Path,
    pixels: NDArray[np.uint8],
    wanted: int | None,
    options: ExplainOptions,
    console: Console,
) -> Explained:
    """Every method, the quick ones first."""
    start = time.monotonic()
    batch = torch.from_numpy(pixels)[None].float()
    temperature = spec.output.temperature
    with torch.no_grad():
        probabilities = torch.softmax(network(batch) / temperature, dim=1)[0].numpy()
    order = np.argsort(-probabilities, kind="stable").tolist()
    label = order[0] if wanted is None else wanted
    classes = tuple(dict.fromkeys([label, *order]))[: options.classes]
    stages = look(network, batch)
    _check_layers(options.filters.layers, stages)
    maps = heat(network, batch, list(classes))
    with progress(console) as bar:
        covered = occlude(network, batch[0], label, temperature, options.occlusion, bar)
        filters = [
            maximise(network, stage, liveliest(stage.maps, options.filters.filters), batch, options.filters, options.seed, bar)
            for stage in (choose(stages, options.filters.layers) if options.filters.filters else [])
        ]
    return Explained(
        *(source, photo, spec, options, pixels, probabilities, predict(probabilities, spec), label, maps, classes),
        *(covered, stages, filters, time.monotonic() - start),
    )


def _check_layers(layers: int | tuple[str, ...], stages: Sequence[Stage]) -> None:
    """Raise UsageError for a name of no convolution."""
    known = [stage.name for stage in stages if stage.is_convolution]
    for name in () if isinstance(layers, int) else layers:
        if name not in known:
            close = difflib.get_close_matches(name, known, n=3, cutoff=0.4) or known[:10]
            raise UsageError(f"there is no convolution named {name!r} in this network. Did you mean {', '.join(close)}?")
