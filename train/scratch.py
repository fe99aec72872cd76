"""A network learnt from scratch: the photos in memory, random views of them, one optimiser, the best epoch kept.

Chance (initial weights, order, views, mixing, dropout) is a function of the seed and the epoch alone, and after every
epoch all that the next one depends on is kept (train/resume.py): a training that was killed ends with the same bits.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import astuple, dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional
from torch.optim.swa_utils import AveragedModel

from safelight import models
from safelight.errors import SafelightError
from safelight.models.network import Network
from safelight.threads import threads_kept
from train.data import SPLITS
from train.fit import Point, balance, temperature_of
from train.learnt import Learnt, Task, as_logits, labels_of, share_out
from train.options import OptimiserOptions, ScratchOptions
from train.pixels import Pixels, gather
from train.progress import progress
from train.resume import Keeper, State
from train.split import splits_sha256
from train.warp import random_views

LOOK = 64  # photos a step where nothing is learnt


@dataclass(frozen=True)
class Examples:
    """Some of the photos in memory, or in their file, with their class indices [n] int64."""

    pixels: Pixels
    rows: NDArray[np.intp]
    labels: Tensor

    def batch(self, places: Tensor) -> Tensor:
        """uint8 [b,S,S,3] of the examples at these places."""
        return torch.from_numpy(self.pixels.array[self.rows[places.numpy()]])


@dataclass
class Training:
    """All that moves while a network learns."""

    network: Network
    averaged: AveragedModel | None  # the running mean of the weights, where it is kept instead of them
    optimiser: torch.optim.Optimizer
    best: State
    best_loss: float = math.inf
    best_epoch: int = 0
    epoch: int = 0
    history: tuple[Point, ...] = ()

    @property
    def kept(self) -> nn.Module:
        """The network that is judged and kept."""
        return self.averaged.module if self.averaged else self.network


def learn(task: Task) -> Learnt:
    """Read, learn, and answer for every photo. Raises DataError, ModelError, UsageError or SafelightError."""
    plan = _plan(task)
    pixels, views, refused = gather(task.photos, task.spec, plan.source, task.options.limits, task.keeper.folder, task.console)
    splits, skipped = share_out(task, refused)
    labels = {split: torch.from_numpy(labels_of(splits.photos[split], task.classes)) for split in SPLITS}
    plain = {split: Examples(pixels, pixels.of(splits.photos[split]), labels[split]) for split in SPLITS}
    learner = Examples(views, views.of(splits.photos["train"]), labels["train"])
    with threads_kept():
        begun = task.keeper.begin(splits_sha256(splits))
        training = _training(plan, task)
        if begun is not None:
            _restore(training, begun)
            for point in training.history:
                task.watch(point)
            task.console.print(f"Resumed after epoch {training.epoch} of {plan.epochs}.")
        interrupted = _run(training, learner, plain["validation"], plan, task)
        training.kept.load_state_dict(training.best)
        logits = {split: as_logits(answers(training.kept, plain[split], task.device)) for split in SPLITS}
    network = models.build(plan.architecture, pretrained=False, size=task.spec.size, classes=len(task.classes))
    network.load_state_dict(training.best)
    return Learnt(network, splits, skipped, training.history, logits, decoded=len(pixels.rows), interrupted=interrupted)


def _plan(task: Task) -> ScratchOptions:
    """The recipe's, with what is random at its seed."""
    if task.options.scratch is None:
        raise ValueError("a recipe for a pretrained backbone learns nothing from scratch")
    return task.options.scratch


def _training(plan: ScratchOptions, task: Task) -> Training:
    """The start: initial weights by the seed."""
    with _chance(task.options.seed, 0):
        network = models.build(plan.architecture, pretrained=False, size=task.spec.size, classes=len(task.classes))
    network = network.to(task.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    averaged = AveragedModel(network, multi_avg_fn=_running_mean(plan.average), use_buffers=True) if plan.average else None
    return Training(network, averaged, optimiser_of(network, plan.optimiser), copy.deepcopy(network.state_dict()))


def _running_mean(decay: float) -> Callable[[Sequence[Tensor], Sequence[Tensor], Tensor | int], None]:
    """Each step moves the mean by 1 − decay towards the weights, and further at the beginning, to leave the first ones behind."""

    def update(means: Sequence[Tensor], values: Sequence[Tensor], steps: Tensor | int) -> None:
        share = 1 - min(decay, (1 + int(steps)) / (10 + int(steps)))
        for mean, value in zip(means, values, strict=True):
            if mean.is_floating_point():
                mean.lerp_(value, share)
            else:  # batch norm's counter
                mean.copy_(value)

    return update


def _run(training: Training, learner: Examples, validation: Examples, plan: ScratchOptions, task: Task) -> bool:
    """Learn until the last epoch, or until it is enough; say whether somebody stopped it by hand."""
    weights = balance(learner.labels, len(task.classes)).to(task.device)
    console = task.console
    try:
        with progress(console) as bar:
            steps = math.ceil(len(learner.labels) / plan.batch)
            line = bar.add_task("", total=plan.epochs * steps, completed=training.epoch * steps)
            if training.epoch == 0:
                _keep(training, task.keeper)
            while training.epoch < plan.epochs and not _is_enough(training, plan):
                epoch = training.epoch + 1
                bar.update(line, description=f"Epoch {epoch} of {plan.epochs}")
                loss, accuracy = _epoch(training, learner, weights, plan, task, epoch, lambda: bar.advance(line))
                judged, right = _validate(training.kept, validation, weights, task.device)
                training.history += (Point("scratch", plan.optimiser.weight_decay, epoch, loss, judged, accuracy, right),)
                if judged < training.best_loss:
                    training.best, training.best_loss, training.best_epoch = copy.deepcopy(training.kept.state_dict()), judged, epoch
                training.epoch = epoch
                _keep(training, task.keeper)
                task.watch(training.history[-1])
                console.print(
                    f"  epoch {epoch}: loss {loss:.4f}, accuracy {accuracy:.4f}; validation {judged:.4f}, {right:.4f}", highlight=False
                )
    except KeyboardInterrupt:
        if not training.history:
            raise
        console.print("[yellow]Stopped: the best network so far is kept and the report written. --resume goes on.[/]")
        return True
    return False


def _is_enough(training: Training, plan: ScratchOptions) -> bool:
    return plan.patience is not None and training.epoch - training.best_epoch >= plan.patience


def _epoch(
    training: Training,
    learner: Examples,
    weights: Tensor,
    plan: ScratchOptions,
    task: Task,
    epoch: int,
    advance: Callable[[], None],
) -> tuple[float, float]:
    """One pass over random views of the training photos: mean loss and accuracy on the way."""
    count = len(learner.labels)
    steps = math.ceil(count / plan.batch)
    random = np.random.default_rng([task.options.seed, epoch])
    order = torch.from_numpy(random.permutation(count))
    total, hits = 0.0, 0
    training.network.train()
    with _chance(task.options.seed, epoch):
        for step, rows in enumerate(torch.split(order, plan.batch)):
            pixels = random_views(learner.batch(rows).to(task.device), task.spec.size, plan.augment, random)
            wanted = learner.labels[rows].to(task.device)
            share, others = 1.0, wanted
            if plan.mixup:
                share, partner = random.beta(plan.mixup, plan.mixup), torch.from_numpy(random.permutation(len(rows))).to(task.device)
                pixels, others = share * pixels + (1 - share) * pixels[partner], wanted[partner]
            logits = training.network(pixels)
            loss = share * functional.cross_entropy(logits, wanted, weights, label_smoothing=plan.label_smoothing)
            if plan.mixup:
                loss = loss + (1 - share) * functional.cross_entropy(logits, others, weights, label_smoothing=plan.label_smoothing)
            for group in training.optimiser.param_groups:
                group["lr"] = rate_at(((epoch - 1) * steps + step) / (plan.epochs * steps), plan.optimiser)
            training.optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            training.optimiser.step()
            if training.averaged:
                training.averaged.update_parameters(training.network)
            total += loss.item() * len(rows)
            hits += int((logits.argmax(1) == wanted).sum())
            advance()
    if not math.isfinite(total):
        raise SafelightError(
            f"the training diverged in epoch {epoch}: its loss is {total}. Remove {task.keeper.folder}, "
            f"and choose a --rate below {plan.optimiser.rate:g}."
        )
    return total / count, hits / count


def rate_at(done: float, options: OptimiserOptions) -> float:
    """The learning rate after this share of all steps: up in a line, then along a cosine or level."""
    if done < options.warmup:
        return options.rate * max(done / options.warmup, 1e-3)
    if options.schedule == "constant":
        return options.rate
    return options.rate * (1 + math.cos(math.pi * (done - options.warmup) / (1 - options.warmup))) / 2


def optimiser_of(network: nn.Module, options: OptimiserOptions) -> torch.optim.Optimizer:
    """Biases and norms, which have one axis, don't decay."""
    groups = [
        {"params": [one for one in network.parameters() if one.ndim > 1], "weight_decay": options.weight_decay},
        {"params": [one for one in network.parameters() if one.ndim <= 1], "weight_decay": 0.0},
    ]
    if options.kind == "sgd":
        return torch.optim.SGD(groups, lr=options.rate, momentum=options.momentum, nesterov=options.momentum > 0)
    if options.kind == "rmsprop":
        return torch.optim.RMSprop(groups, lr=options.rate, alpha=0.9, eps=1e-7, momentum=options.momentum)  # as in Keras
    kind = torch.optim.AdamW if options.kind == "adamw" else torch.optim.Adam
    return kind(groups, lr=options.rate)


@torch.inference_mode()
def answers(network: nn.Module, examples: Examples, device: torch.device) -> Tensor:
    """Logits [n,C] of the plain photos, on the CPU."""
    network.eval()
    places = torch.split(torch.arange(len(examples.labels)), LOOK)
    return torch.cat([network(examples.batch(some).to(device).float()).cpu() for some in places])


def _validate(network: nn.Module, validation: Examples, weights: Tensor, device: torch.device) -> tuple[float, float]:
    """Loss, classes weighing the same, at its best temperature, as the network will ship; and accuracy."""
    logits = answers(network, validation, device)
    even = balance(validation.labels, len(weights))
    loss = functional.cross_entropy(logits / temperature_of(logits, validation.labels), validation.labels, even)
    return loss.item(), (logits.argmax(1) == validation.labels).double().mean().item()


def _keep(training: Training, keeper: Keeper) -> None:
    keeper.save(
        {
            "network": training.network.state_dict(),
            "averaged": training.averaged.state_dict() if training.averaged else None,
            "optimiser": training.optimiser.state_dict(),
            "best": training.best,
            "best_loss": training.best_loss,
            "best_epoch": training.best_epoch,
            "epoch": training.epoch,
            "history": [astuple(point) for point in training.history],
        }
    )


def _restore(training: Training, state: State) -> None:
    training.network.load_state_dict(state["network"])
    if training.averaged:
        training.averaged.load_state_dict(state["averaged"])
    training.optimiser.load_state_dict(state["optimiser"])
    training.best, training.best_loss, training.best_epoch = state["best"], state["best_loss"], state["best_epoch"]
    training.epoch, training.history = state["epoch"], tuple(Point(*row) for row in state["history"])


@contextmanager
def _chance(seed: int, epoch: int) -> Iterator[None]:
    """The generators of torch itself (initial weights, dropout) at a place of this seed and epoch; put back afterwards."""
    with torch.random.fork_rng(range(torch.cuda.device_count())):
        torch.manual_seed(int(np.random.default_rng([seed, epoch, 1]).integers(2**62)))
        yield
