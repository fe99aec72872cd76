"""The last blocks of the trunk, learnt together with the head at a low rate, after the head was learnt alone.

Batch norms keep their statistics: a few thousand photos estimate them worse than ImageNet did.
"""

from __future__ import annotations

import copy
import math
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import astuple, dataclass
from functools import partial

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from safelight.errors import UsageError
from safelight.models.network import Network
from safelight.resize import resize
from safelight.threads import threads_kept
from train.augment import augment
from train.data import Photo, pixels_of
from train.fit import Point, balance, temperature_of
from train.learnt import Task, labels_of
from train.options import ALL_BLOCKS
from train.progress import progress
from train.split import Splits, splits_sha256

NORMS = (nn.BatchNorm2d, nn.GroupNorm, nn.LayerNorm)


@dataclass(frozen=True)
class Tuned:
    """The best network by validation loss, which may be the one that came in."""

    network: Network
    history: tuple[Point, ...]
    interrupted: bool  # by Ctrl-C; the network is the best until then


def fine_tune(network: Network, task: Task, splits: Splits) -> Tuned:
    """Train the last `blocks` blocks and the head. Raises UsageError where the trunk has none to train."""
    options, device = task.options.fine_tune, task.device
    network = copy.deepcopy(network).eval().requires_grad_(False).to(device)
    blocks = last_blocks(network.trunk, options.blocks)
    body = [parameter for block in blocks for parameter in block.parameters()]
    groups = [{"params": body, "lr": options.rate}, {"params": list(network.head.parameters()), "lr": options.head_rate}]
    for parameter in [*body, *network.head.parameters()]:
        parameter.requires_grad_()
    optimiser = torch.optim.AdamW(groups, weight_decay=options.weight_decay)
    learner, judge = splits.photos["train"], splits.photos["validation"]
    steps = math.ceil(len(learner) / options.batch) * options.epochs
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: (1 + math.cos(math.pi * min(step / steps, 1))) / 2)
    weights = balance(torch.from_numpy(labels_of(learner, task.classes)), len(task.classes)).to(device)
    best = copy.deepcopy(network.state_dict())
    best_loss, best_epoch, epoch = math.inf, 0, 0
    history: list[Point] = []
    interrupted = False

    with threads_kept():
        begun = task.keeper.begin(splits_sha256(splits))
        if begun is not None:
            network.load_state_dict(begun["network"])
            optimiser.load_state_dict(begun["optimiser"])
            schedule.load_state_dict(begun["schedule"])
            best, best_loss, best_epoch, epoch = (begun[name] for name in ("best", "best_loss", "best_epoch", "epoch"))
            history = [Point(*row) for row in begun["history"]]
            for point in history:
                task.watch(point)
            task.console.print(f"Resumed after epoch {epoch} of fine-tuning.")

        def keep() -> None:
            task.keeper.save(
                {
                    "network": network.state_dict(),
                    "optimiser": optimiser.state_dict(),
                    "schedule": schedule.state_dict(),
                    "best": best,
                    "best_loss": best_loss,
                    "best_epoch": best_epoch,
                    "epoch": epoch,
                    "history": [astuple(point) for point in history],
                }
            )

        try:
            if epoch == 0:
                best_loss, _ = _validate(network, task, judge)
                keep()
            while epoch < options.epochs and epoch - best_epoch < options.patience:
                train_loss, train_accuracy = _epoch(network, task, learner, epoch + 1, weights, optimiser, schedule.step)
                loss, accuracy = _validate(network, task, judge)
                epoch += 1
                history.append(Point("fine-tune", options.weight_decay, epoch, train_loss, loss, train_accuracy, accuracy))
                if loss < best_loss:
                    best, best_loss, best_epoch = copy.deepcopy(network.state_dict()), loss, epoch
                keep()
                task.watch(history[-1])
                task.console.print(f"  epoch {epoch}: validation loss {loss:.4f}, accuracy {accuracy:.4f}")
        except KeyboardInterrupt:
            interrupted = True
            task.console.print(
                "[yellow]Stopped: the best network so far is kept and the report written. Ctrl-C again gives up; --resume goes on.[/]"
            )
    network.load_state_dict(best)
    return Tuned(network.eval().requires_grad_(True).cpu(), tuple(history), interrupted)


def last_blocks(trunk: nn.Module, count: int) -> list[nn.Module]:
    """The layers of the last `count` blocks; a block is a module with layers inside, or a convolution and its norm."""
    blocks: list[list[nn.Module]] = []
    for child in trunk.children():
        if any(True for _ in child.parameters()) and not isinstance(child, NORMS):
            blocks.append([child])
        elif blocks:
            blocks[-1].append(child)
    if count == ALL_BLOCKS:
        count = len(blocks)
    if not 1 <= count <= len(blocks):
        raise UsageError(f"this backbone has {len(blocks)} blocks that can be fine-tuned, --fine-tune asks for {count}. Choose fewer.")
    return [layer for block in blocks[-count:] for layer in block]


def _epoch(
    network: Network,
    task: Task,
    learner: Sequence[Photo],
    epoch: int,
    weights: Tensor,
    optimiser: torch.optim.Optimizer,
    advance_rate: Callable[[], None],
) -> tuple[float, float]:
    """One pass over augmented training photos: mean loss and accuracy on the way."""
    order = np.random.default_rng([task.options.seed, epoch]).permutation(len(learner))
    photos = [learner[index] for index in order]
    total, hits = 0.0, 0
    views = partial(_augmented, task, epoch)
    for pixels, labels in _batches(photos, views, task, f"Fine-tuning, epoch {epoch}"):
        logits, labels = network(pixels.to(task.device)), labels.to(task.device)
        loss = functional.cross_entropy(logits, labels, weights)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        advance_rate()
        total += loss.item() * len(labels)
        hits += int((logits.argmax(1) == labels).sum())
    return total / len(photos), hits / len(photos)


@torch.inference_mode()
def _validate(network: Network, task: Task, photos: Sequence[Photo]) -> tuple[float, float]:
    """Loss, classes weighing the same, and accuracy on the validation photos.

    The loss is taken at its best temperature, as the network will ship: fine-tuned logits are too large, and judged
    without it the untouched head won every time (flowers: loss 0.30 → 0.33 while accuracy rose from 0.885 to 0.9075).
    """
    logits, labels = [], []
    views = partial(_plain, task)
    for pixels, some in _batches(photos, views, task, "Validating"):
        logits.append(network(pixels.to(task.device)).cpu())
        labels.append(some)
    every, wanted = torch.cat(logits), torch.cat(labels)
    loss = functional.cross_entropy(every / temperature_of(every, wanted), wanted, balance(wanted, len(task.classes)))
    return loss.item(), (every.argmax(1) == wanted).double().mean().item()


def _batches(photos: Sequence[Photo], view: Callable[[Photo], Tensor], task: Task, what: str) -> Iterator[tuple[Tensor, Tensor]]:
    """Pixels [n,S,S,3] and class indices [n], decoded by threads one batch ahead."""
    size = task.options.fine_tune.batch
    starts = range(0, len(photos), size)
    pool = ThreadPoolExecutor(os.cpu_count())
    try:
        with progress(task.console) as bar:
            waiting = [pool.submit(view, photo) for photo in photos[:size]]
            for start in bar.track(starts, description=what):
                ready, waiting = waiting, [pool.submit(view, photo) for photo in photos[start + size : start + 2 * size]]
                labels = torch.from_numpy(labels_of(photos[start : start + size], task.classes))
                yield torch.stack([future.result() for future in ready]), labels
    finally:
        pool.shutdown(cancel_futures=True)


def _plain(task: Task, photo: Photo) -> Tensor:
    return torch.from_numpy(resize(pixels_of(photo, task.options.limits), task.spec)).float()


def _augmented(task: Task, epoch: int, photo: Photo) -> Tensor:
    """A view that depends on the seed, the epoch and the photo's bytes, not on the thread that makes it."""
    random = np.random.default_rng([task.options.seed, epoch, int(photo.sha256[:16], 16)])
    return augment(pixels_of(photo, task.options.limits), task.spec, random)
