"""The command in a run's provenance is the one that repeats it."""

from __future__ import annotations

import shlex
from typing import Any

import pytest

import train
from safelight.decode import Limits
from safelight.spec import InputSpec
from train import recipes
from train.command import command_of
from train.options import FineTuneOptions, HeadOptions, OptimiserOptions, ScratchOptions, SplitOptions, TrainOptions

START = "safelight train PHOTOS --out RUN --recipe "
TYPED = [
    "features",
    "features --flips",
    "features-augmented --no-flips --backbone resnet18",
    "fine-tune --fine-tune 2 --epochs 3 --batch 16 --rate 1e-05 --patience 2 --size 260 --filter bicubic --geometry stretch",
    "full",
    "cnn-4block-augmented --epochs 3 --batch 7 --patience 2 --rate 0.5 --fill wrap --seed 4",
    "small-resnet --max-pixels 1000 --max-bytes 2000 --heic",
]


@pytest.mark.parametrize("words", TYPED)
def test_what_was_typed_is_written_down(words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Through the real command line, up to the photos."""
    from safelight.cli.train import command

    seen: list[TrainOptions] = []

    class Seen(Exception):
        pass

    def note(photos: object, out: object, options: TrainOptions, console: object) -> Any:
        seen.append(options)
        raise Seen

    monkeypatch.setattr(train, "run", note, raising=False)
    with pytest.raises(Seen):
        command.main(shlex.split(START + words)[2:], standalone_mode=False)
    assert command_of(seen[0]) == START + words


def test_the_api_s_defaults_have_a_command_too() -> None:
    assert command_of(TrainOptions()) == START + "features"
    assert command_of(TrainOptions(fine_tune=FineTuneOptions(blocks=3), cache=None, resume=True)) == START + "fine-tune"
    assert command_of(TrainOptions(limits=Limits(heic=True))) == START + "features --heic"


def test_what_can_not_be_typed_has_none() -> None:
    own = ScratchOptions("cnn_sgd", InputSpec(size=64, resize_to=64), OptimiserOptions("sgd", 0.1), epochs=1, batch=1)
    for options in (
        TrainOptions(head=HeadOptions(iterations=3)),
        TrainOptions(recipe="mine", scratch=own),
        recipes.options("cifar", label_smoothing=0.3),
        TrainOptions(split=SplitOptions(0.5, 0.25, 0.25)),
    ):
        assert command_of(options) == "", options
