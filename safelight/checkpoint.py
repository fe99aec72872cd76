"""A run's network on disk: `model.safetensors` (never a pickle) beside its `spec.json`.

`train` writes one, `export` reads it, and a bundle carries the weights as its PyTorch reference.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from safelight import models
from safelight.bundle import read_spec
from safelight.errors import BundleError
from safelight.spec import SPEC_NAME, Spec, dump

if TYPE_CHECKING:
    from safelight.models.network import Network

WEIGHTS_NAME = "model.safetensors"


def save_run(folder: Path, network: Network, spec: Spec) -> None:
    """Write the weights, then the spec, into an existing folder."""
    save_weights(folder / WEIGHTS_NAME, network)
    (folder / SPEC_NAME).write_bytes(dump(spec))


def load_run(folder: Path) -> tuple[Network, Spec]:
    """A run's network in eval mode on the CPU, and its spec. Raises BundleError, SpecError or ModelError."""
    spec = read_spec(folder)
    return load_weights(folder / WEIGHTS_NAME, spec), spec


def save_weights(path: Path, network: Network) -> None:
    """Write every parameter and buffer, in the order of their names, as safetensors."""
    from safetensors.torch import save_file

    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in sorted(network.state_dict().items())}
    save_file(tensors, path)
    path.chmod(0o644)  # safetensors leaves it at 0600, which a web server can't read


def load_weights(path: Path, spec: Spec) -> Network:
    """Rebuild the architecture that `spec` names and fill it from `path`. Raises BundleError where they don't fit."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    network = models.build(spec.model.architecture, pretrained=False, size=spec.input.size, classes=len(spec.labels))
    try:
        network.load_state_dict(load_file(path))
    except (OSError, SafetensorError) as error:
        raise BundleError(f"{path} can't be read as safetensors: {error}. Train or export again.") from error
    except RuntimeError as error:
        raise BundleError(f"{path} doesn't fit {spec.model.architecture} with {len(spec.labels)} classes: {error}") from error
    return network.eval()
