"""A finished training as the contract describes it: the run's spec.json. Counts, fingerprints, figures; no file name, no path."""

from __future__ import annotations

import platform
from importlib.metadata import version

import msgspec
import torch

from safelight import models
from safelight.models.network import Network
from safelight.spec import DEFAULT_BANDS, InputSpec, Label, ModelSpec, OutputSpec, Provenance, Spec
from safelight.threads import one_thread
from train.command import command_of
from train.data import SPLITS, Split
from train.learnt import Learnt, Task
from train.metrics import Metrics
from train.options import TrainOptions
from train.split import data_sha256


def input_spec(options: TrainOptions) -> InputSpec:
    """The recipe's or the backbone's preprocessing with what `options` change about it."""
    spec = options.scratch.input if options.scratch else models.input_of(options.backbone)
    if options.size:
        spec = msgspec.structs.replace(spec, size=options.size, resize_to=round(spec.resize_to * options.size / spec.size))
    if options.filter:
        spec = msgspec.structs.replace(spec, filter=options.filter)
    if options.geometry and options.geometry != spec.geometry:
        spec = InputSpec(size=spec.size, resize_to=spec.size, geometry=options.geometry, filter=spec.filter)
    return spec


def describe(name: str, task: Task, learnt: Learnt, temperature: float, figures: dict[Split, Metrics]) -> Spec:
    """The spec of the run `name`."""
    options, network, test = task.options, learnt.network, figures["test"]
    return Spec(
        name=name,
        labels=tuple(Label(id=label, names={"en": _display_name(label)}) for label in task.classes),
        input=task.spec,
        output=OutputSpec(temperature=temperature, bands=DEFAULT_BANDS),
        model=ModelSpec(
            architecture=options.architecture,
            parameters=sum(parameter.numel() for parameter in network.parameters()),
            heatmap=_heatmap(network, task.spec.size),
        ),
        provenance=Provenance(
            source="trained",
            recipe=options.recipe_name,
            command=command_of(options),
            seed=options.seed,
            photos={split: len(learnt.splits.photos[split]) for split in SPLITS},
            data_sha256=data_sha256(learnt.splits.everything()),
            versions=_versions(),
            metrics={
                "test_accuracy": test.accuracy,
                "test_balanced_accuracy": test.balanced_accuracy,
                "test_nll": test.nll,
                "test_calibration_error": test.calibration_error,
                "validation_accuracy": figures["validation"].accuracy,
            },
        ),
    )


def _display_name(label: str) -> str:
    """A folder's name as people read it: "german_shepherd" → "german shepherd"."""
    return " ".join(label.replace("_", " ").replace("-", " ").split()) or label


@one_thread()
def _heatmap(network: Network, size: int) -> tuple[int, int] | None:
    """Height and width of the feature map, where the head applies at each place of it."""
    if not network.has_heatmap:
        return None
    with torch.inference_mode():
        shape = network.trunk(torch.zeros(1, 3, size, size)).shape
    return int(shape[2]), int(shape[3])


def _versions() -> dict[str, str]:
    names = ("safelight", "torch", "torchvision", "numpy", "pillow")
    return {"python": platform.python_version(), **{name: version(name) for name in names}}
