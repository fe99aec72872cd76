"""Mistakes after the network, and before it seen through the answer alone; and the command line. On the real bundle."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from export.diagnose.outputs import judge, model_of
from safelight.bundle import open_bundle
from safelight.cli import cli
from tests.export.diagnose.planting import PLANTED, photos, right

COFFEE = dict(photos())["coffee.jpg"]
AFTER: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "softmax-twice": lambda p: np.exp(p) / np.exp(p).sum(),
    "logits": lambda p: np.log(p) + 3.3,
    "log-softmax": np.log,
    "sigmoid": lambda p: 1 / (1 + np.exp(-(np.log(p) + 4))),
    "other-temperature": lambda p: p**1.5 / (p**1.5).sum(),
    "labels-shifted": lambda p: np.roll(p, 1),
    "labels-reversed": lambda p: p[::-1],
    "percent": lambda p: 100 * p,
}


@pytest.mark.parametrize("name", AFTER)
def test_a_mistake_after_the_network_is_named_first(name: str, bundle: Path) -> None:
    opened = open_bundle(bundle, check=False)
    model, spec = model_of(opened), opened.spec
    answer = model(right(COFFEE, spec.input.size, spec.input.resize_to)).astype(np.float64)
    found = judge(COFFEE, AFTER[name](answer), spec, model)
    assert (found.verdict, found.findings[0].input, found.findings[0].output) == ("named", "contract", name)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["bgr", "mirrored", "stretched"])
def test_a_mistake_before_the_network_is_named_from_the_answer_alone(name: str, bundle: Path) -> None:
    opened = open_bundle(bundle, check=False)
    model, spec = model_of(opened), opened.spec
    answer = model(np.ascontiguousarray(PLANTED[name](COFFEE, spec.input.size, spec.input.resize_to)))
    found = judge(COFFEE, answer.astype(np.float64), spec, model)
    assert (found.verdict, found.findings[0].input, found.findings[0].output) == ("named", name, "contract")


def test_the_command_line_names_the_mistake_and_its_fix(bundle: Path, tmp_path: Path) -> None:
    spec = open_bundle(bundle, check=False).spec.input
    photo, dump = tmp_path / "coffee.jpg", tmp_path / "dump.npy"
    photo.write_bytes(COFFEE)
    np.save(dump, PLANTED["bgr"](COFFEE, spec.size, spec.resize_to)[None])
    ran = CliRunner().invoke(cli, ["diagnose", str(bundle), str(photo), "--tensor", str(dump)])
    assert ran.exit_code == 1, ran.output
    assert "Red and blue are exchanged." in ran.output
    assert "cv2.COLOR_BGR2RGB" in ran.output
    said = json.loads(CliRunner().invoke(cli, ["diagnose", str(bundle), str(photo), "--tensor", str(dump), "--json"]).output)
    assert (said["tensor"]["mistakes"], said["tensor"]["layout"]) == (["bgr"], "NHWC")


def test_the_command_line_exits_with_0_where_all_agrees(bundle: Path, tmp_path: Path) -> None:
    opened = open_bundle(bundle, check=False)
    pixels = right(COFFEE, opened.spec.input.size, opened.spec.input.resize_to)
    photo, dump, answer = tmp_path / "coffee.jpg", tmp_path / "dump.json", tmp_path / "answer.npy"
    photo.write_bytes(COFFEE)
    dump.write_text(json.dumps(pixels.ravel().tolist()))
    np.save(answer, model_of(opened)(pixels))
    ran = CliRunner().invoke(cli, ["diagnose", str(bundle), str(photo), "--tensor", str(dump), "--probabilities", str(answer)])
    assert ran.exit_code == 0, ran.output
    assert "identical to the contract" in ran.output
