"""Photos → what the frozen backbone sees in them, each computed once and kept on disk (train/cache.py).

Each core has a thread that takes a photo all the way, from its bytes to its features, with a network that uses that one
thread: on two cores 12 ms a photo (Pillow and torch let go of the interpreter), a fifth of what threads inside the
network take where other programs want the cores too, and a photo's features depend neither on its neighbours in a batch
nor on the number of cores, to the bit.
"""

from __future__ import annotations

import copy
import hashlib
import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import numpy as np
import PIL
import torch
from numpy.typing import NDArray
from rich.console import Console
from torch.fx.experimental.optimization import fuse

from safelight.decode import DEFAULT_LIMITS, Limits
from safelight.errors import PhotoError
from safelight.models.network import Network
from safelight.resize import resize
from safelight.spec import InputSpec
from safelight.threads import one_thread
from train.cache import Features, Refusal, Store, open_store
from train.data import Photo, pixels_of
from train.progress import progress

FEATURE_VERSION = 1  # raise it when decode, resize or the arithmetic below changes what a photo becomes
BATCH = {"cpu": 1, "cuda": 64, "mps": 32}  # photos; a core takes 24 ms a photo at 1, 30 at 8: its caches overflow

View = str  # "plain", "flipped", or the number of a random view
Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class Extraction:
    """Features of photos, by the SHA-256 of their bytes."""

    features: dict[str, Features]  # [F] float32
    refused: dict[str, Refusal]
    computed: int  # photos decoded now; the others came from the cache
    damaged: int  # cache files that were broken, and computed again


def extract(
    photos: Iterable[Photo],
    network: Network,
    spec: InputSpec,
    *,
    backbone: str,
    cache: Path | None,
    device: torch.device,
    console: Console,
    limits: Limits = DEFAULT_LIMITS,
    view: View = "plain",
) -> Extraction:
    """Features of every different photo. An interruption leaves what was computed in the cache."""
    wanted = {photo.sha256: photo for photo in photos}
    store = open_store(cache, _key(network, spec, backbone, device, limits, view))
    store.load(set(wanted))
    todo = {digest: photo for digest, photo in wanted.items() if digest not in store.features and digest not in store.refused}
    if todo:
        _compute(todo, network, spec, store, device, console, limits, view)
    return Extraction(store.features, store.refused, len(todo), store.damaged)


def frozen(network: Network, device: torch.device) -> Network:
    """A copy for inference alone: batch norms folded into their convolutions, channels last (2 to 3 times as fast on a CPU)."""
    network = copy.deepcopy(network).eval()
    network.trunk = fuse(network.trunk)
    return network.requires_grad_(False).to(device, memory_format=torch.channels_last)  # type: ignore[call-overload,no-any-return]


def _compute(
    todo: dict[str, Photo],
    network: Network,
    spec: InputSpec,
    store: Store,
    device: torch.device,
    console: Console,
    limits: Limits,
    view: View,
) -> None:
    runner = frozen(network, device)
    digests = list(todo)
    batches = [digests[start : start + BATCH[device.type]] for start in range(0, len(digests), BATCH[device.type])]
    pool = ThreadPoolExecutor(os.cpu_count(), initializer=torch.set_num_threads, initargs=(1,))
    try:
        with one_thread(), progress(console) as bar:
            task = bar.add_task("Looking at photos", total=len(digests))
            work = partial(_look, runner, spec, device, limits, view)
            for batch, outcomes in zip(batches, pool.map(work, [[todo[digest] for digest in batch] for batch in batches]), strict=True):
                for digest, outcome in zip(batch, outcomes, strict=True):
                    store.add(digest, outcome)
                bar.advance(task, len(batch))
    finally:  # Ctrl-C as well: what was computed is kept
        pool.shutdown(cancel_futures=True)
        store.flush()


def _look(
    runner: Network, spec: InputSpec, device: torch.device, limits: Limits, view: View, photos: Sequence[Photo]
) -> list[Features | Refusal]:
    """Decode, resize and run one batch, all in the calling thread."""
    pixels = [_pixels(photo, spec, limits, view) for photo in photos]
    readable = [photo for photo in pixels if not isinstance(photo, Refusal)]
    rows: Iterator[Features] = iter(())
    if readable:
        with torch.inference_mode():
            batch = torch.from_numpy(np.stack(readable)).to(device).float()
            rows = iter(runner.features(batch).float().cpu().numpy())
    return [photo if isinstance(photo, Refusal) else next(rows).copy() for photo in pixels]


def _pixels(photo: Photo, spec: InputSpec, limits: Limits, view: View) -> Pixels | Refusal:
    try:
        pixels = pixels_of(photo, limits)
    except PhotoError as error:
        return refusal(error, photo)
    if view == "plain":
        return resize(pixels, spec)
    if view == "flipped":
        return resize(pixels, spec)[:, ::-1]
    from train.augment import augment  # brings torchvision: seconds

    random = np.random.default_rng([int(view), int(photo.sha256[:16], 16)])
    return augment(pixels, spec, random).round().byte().numpy()


def refusal(error: PhotoError, photo: Photo) -> Refusal:
    """Why a photo can't be used, without its path, which is private."""
    return Refusal(error.reason, error.without(photo.path))


def _key(network: Network, spec: InputSpec, backbone: str, device: torch.device, limits: Limits, view: View) -> dict[str, object]:
    """All that features depend on besides the photo: Pillow decodes, the device rounds in its own way."""
    weights = hashlib.sha256()
    for part in (network.trunk, network.neck):
        for name, tensor in part.state_dict().items():
            weights.update(name.encode() + tensor.cpu().contiguous().numpy().tobytes())
    weights.update(network.mean.cpu().numpy().tobytes() + network.std.cpu().numpy().tobytes())
    return {
        "version": FEATURE_VERSION,
        "backbone": backbone,
        "weights": weights.hexdigest(),
        "input": {name: getattr(spec, name) for name in spec.__struct_fields__},
        "limits": asdict(limits),  # a photo that was refused by others may be read now
        "pillow": PIL.__version__,
        "device": device.type,
        "view": view,
    }
