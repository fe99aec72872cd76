"""A pretrained backbone as it is: the 1000 ImageNet classes, no training."""

from __future__ import annotations

from typing import TYPE_CHECKING

from safelight import models
from safelight.spec import DEFAULT_BANDS, Label, ModelSpec, OutputSpec, Provenance, Spec

if TYPE_CHECKING:
    from safelight.models.network import Network


def load(backbone: str) -> tuple[Network, Spec]:
    """The network with its pretrained weights and its contract. Raises ModelError where the weights can't be had."""
    network = models.build(backbone, pretrained=True)
    spec = Spec(
        name=backbone,
        labels=_labels(models.imagenet_labels()),
        input=models.input_of(backbone),
        output=OutputSpec(bands=DEFAULT_BANDS),
        model=ModelSpec(architecture=backbone, parameters=sum(p.numel() for p in network.parameters())),
        provenance=Provenance(source="pretrained"),
    )
    return network, spec


def _labels(names: list[str]) -> tuple[Label, ...]:
    """ImageNet has two cranes and two maillots: the second of each gets its class number."""
    seen: set[str] = set()
    labels = []
    for number, name in enumerate(names):
        labels.append(Label(id=f"{name} {number}" if name in seen else name, names={"en": name}))
        seen.add(name)
    return tuple(labels)
