"""Networks by name. EfficientNet-Lite0..2 come with their weights; torchvision's classifiers download theirs.

Those are the backbones; the small networks of `tutorial.py` and `residual.py` are learnt from scratch by recipes.
To add a family write a module with `build`, and its names below. torch is imported inside the functions:
listing the names must not cost its start-up time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from safelight.errors import ModelError
from safelight.spec import InputSpec

if TYPE_CHECKING:
    from safelight.models.network import Network

DEFAULT_BACKBONE = "efficientnet_lite0"
OFFLINE_BACKBONES = ("efficientnet_lite0", "efficientnet_lite1", "efficientnet_lite2")
SCRATCH_NETWORKS = (  # without pretrained weights
    *("cnn_binary", "cnn_sgd", "cnn_4block", "cnn_4block_dropout", "mnist_cnn", "mnist_cnn_dropout", "cifar_cnn"),
    *("cifar_resnet", "small_resnet"),
)
CROP_FRACTION = 0.875  # of the shorter side that the centre crop keeps, the usual ImageNet evaluation


def input_of(architecture: str) -> InputSpec:
    """The preprocessing that a backbone's pretrained weights expect. Raises ModelError for an unknown name."""
    from safelight.models import efficientnet_lite, torchvision_zoo

    if architecture in OFFLINE_BACKBONES:
        size = efficientnet_lite.VARIANTS[architecture].size
        return InputSpec(size=size, resize_to=round(size / CROP_FRACTION))
    _check(architecture)
    return torchvision_zoo.input_of(architecture)


def build(architecture: str, *, pretrained: bool, size: int | None = None, classes: int | None = None) -> Network:
    """A network in eval mode for [N,size,size,3]; with `classes` its head is a fresh one.

    Raises ModelError where the name is unknown or the weights can't be had.
    """
    if architecture in SCRATCH_NETWORKS:
        return _from_scratch(architecture, pretrained=pretrained, size=size, classes=classes)
    from torch import nn

    from safelight.models import efficientnet_lite, torchvision_zoo

    if architecture in OFFLINE_BACKBONES:
        network = efficientnet_lite.build(architecture, size or efficientnet_lite.VARIANTS[architecture].size, pretrained=pretrained)
    else:
        _check(architecture)
        network = torchvision_zoo.build(architecture, pretrained=pretrained)
    if classes is not None:
        network.head = nn.Linear(network.head.in_features, classes)
    return network.eval()


def _from_scratch(architecture: str, *, pretrained: bool, size: int | None, classes: int | None) -> Network:
    from safelight.models import residual, tutorial

    if pretrained or size is None or classes is None:
        raise ModelError(
            f"{architecture} has no pretrained weights; a recipe learns it from scratch: safelight recipes lists them. "
            f"As a backbone choose {DEFAULT_BACKBONE}."
        )
    if architecture in tutorial.NETWORKS:
        return tutorial.build(architecture, size, classes).eval()
    return residual.build(architecture, classes).eval()


def imagenet_labels() -> list[str]:
    """The 1000 English names of ImageNet's classes, in the order of the pretrained heads; two names occur twice."""
    from torchvision.models._meta import _IMAGENET_CATEGORIES

    return list(_IMAGENET_CATEGORIES)


def is_backbone(name: str) -> bool:
    """Whether `name` is a backbone that `build` knows."""
    from safelight.models import torchvision_zoo

    return name in OFFLINE_BACKBONES or name in torchvision_zoo.names()


def _check(architecture: str) -> None:
    import difflib

    from safelight.models import torchvision_zoo

    known = [*OFFLINE_BACKBONES, *torchvision_zoo.names()]
    if architecture in SCRATCH_NETWORKS:
        _from_scratch(architecture, pretrained=True, size=None, classes=None)
    if architecture not in known:
        close = difflib.get_close_matches(architecture, known, n=3, cutoff=0.4) or list(OFFLINE_BACKBONES)
        raise ModelError(f"there is no backbone named {architecture!r}. Did you mean {', '.join(close)}?")
