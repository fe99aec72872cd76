"""torchvision's classifiers by name. Pretrained weights are downloaded by torchvision on first use, hash-checked."""

from __future__ import annotations

from typing import Any
from urllib.error import URLError

from torch import nn

from safelight.errors import ModelError
from safelight.models.network import GlobalPool, Network
from safelight.spec import Filter, InputSpec

IMAGENET_MEAN = (0.485 * 255, 0.456 * 255, 0.406 * 255)  # pixel units
IMAGENET_STD = (0.229 * 255, 0.224 * 255, 0.225 * 255)
IMAGENET_CLASSES = 1000


def names() -> list[str]:
    """Every classifier that torchvision builds."""
    from torchvision import models

    return list(models.list_models(module=models))


def input_of(name: str) -> InputSpec:
    """The preprocessing that the default weights were evaluated with."""
    transform = _weights(name).transforms()
    filter_name: Filter = "bicubic" if transform.interpolation.value == "bicubic" else "bilinear"
    return InputSpec(size=transform.crop_size[0], resize_to=max(transform.resize_size[0], transform.crop_size[0]), filter=filter_name)


def build(name: str, *, pretrained: bool) -> Network:
    """The network with its 1000 ImageNet classes. Raises ModelError where weights can't be downloaded."""
    from torchvision import models

    try:
        model: Any = models.get_model(name, weights=_weights(name) if pretrained else None)
    except (URLError, OSError, RuntimeError) as error:
        raise ModelError(
            f"torchvision's weights for {name} can't be downloaded: {error}. "
            "Without a network use efficientnet_lite0, whose weights come with the install."
        ) from error
    trunk, neck, head = _split(model)
    return Network(trunk, neck, head, IMAGENET_MEAN, IMAGENET_STD)


def _weights(name: str) -> Any:
    from torchvision import models

    return models.get_model_weights(name).DEFAULT


def _split(model: Any) -> tuple[nn.Module, nn.Module, nn.Linear]:
    """Trunk, neck and head. Families that end in pooling and one linear layer keep the feature map apart."""
    head_name, head = _last_linear(model)
    if hasattr(model, "features") and isinstance(getattr(model, "classifier", None), nn.Sequential):
        *before, last = model.classifier
        pool = getattr(model, "avgpool", nn.AdaptiveAvgPool2d(1))
        if _pools_to_one(pool) and all(isinstance(layer, nn.Dropout) for layer in before):
            return model.features, GlobalPool(), head
        if last is head and hasattr(model, "avgpool"):  # VGG and its like: a feature map, then dense layers
            flatten = [] if any(isinstance(layer, nn.Flatten) for layer in before) else [nn.Flatten()]
            return model.features, nn.Sequential(pool, *flatten, *before), head
    if hasattr(model, "layer4"):
        stem = [model.conv1, model.bn1, model.relu, model.maxpool]
        return nn.Sequential(*stem, model.layer1, model.layer2, model.layer3, model.layer4), GlobalPool(), head
    if head_name:
        model.set_submodule(head_name, nn.Identity())
    return nn.Identity(), model, head


def _last_linear(model: nn.Module) -> tuple[str, nn.Linear]:
    """The layer that gives the logits; for SqueezeNet, whose classes come from a convolution, a new identity."""
    linear = [(name, layer) for name, layer in model.named_modules() if isinstance(layer, nn.Linear)]
    return linear[-1] if linear else ("", _identity(IMAGENET_CLASSES))


def _pools_to_one(pool: nn.Module) -> bool:
    return isinstance(pool, nn.AdaptiveAvgPool2d) and pool.output_size in (1, (1, 1))


def _identity(classes: int) -> nn.Linear:
    """A linear layer that passes its input on, so that every network ends in a head."""
    head = nn.Linear(classes, classes)
    nn.init.eye_(head.weight)
    nn.init.zeros_(head.bias)
    return head
