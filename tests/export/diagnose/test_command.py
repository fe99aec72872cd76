"""The command line, on the real bundle."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from click.testing import CliRunner

from export.diagnose.outputs import model_of
from safelight.bundle import open_bundle
from safelight.cli import cli
from safelight.errors import UsageError
from tests.export.diagnose.planting import photos, planted, right

COFFEE = dict(photos())["coffee.jpg"]


def test_the_command_line_names_the_mistake_and_its_fix(bundle: Path, tmp_path: Path) -> None:
    spec = open_bundle(bundle, check=False).spec.input
    photo, dump = tmp_path / "coffee.jpg", tmp_path / "dump.npy"
    photo.write_bytes(COFFEE)
    np.save(dump, planted("bgr")(COFFEE, spec.size, spec.resize_to)[None])
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


def test_the_json_has_the_documented_keys(bundle: Path, tmp_path: Path) -> None:
    opened = open_bundle(bundle, check=False)
    pixels = right(COFFEE, opened.spec.input.size, opened.spec.input.resize_to)
    photo, dump, answer = tmp_path / "coffee.jpg", tmp_path / "dump.npy", tmp_path / "answer.npy"
    photo.write_bytes(COFFEE)
    np.save(dump, pixels)
    np.save(answer, model_of(opened)(pixels))
    ran = CliRunner().invoke(
        cli, ["diagnose", str(bundle), str(photo), "--tensor", str(dump), "--probabilities", str(answer), "--json"], catch_exceptions=False
    )
    said = json.loads(ran.output)
    tensor = {"verdict", "sentence", "layout", "dtype", "range", "explained", "mistakes", "same", "findings", "fixes"}
    assert {key: set(said[key]) for key in said} == {
        "tensor": tensor,
        "probabilities": {"verdict", "sentence", "findings", "rivals", "fixes"},
    }
    page = (Path(__file__).parents[3] / "docs" / "diagnose.md").read_text(encoding="utf-8")
    assert [key for keys in said.values() for key in keys if f".{key}`" not in page and f".{key}[]`" not in page] == []


def test_wrong_usage_is_one_sentence(bundle: Path, tmp_path: Path) -> None:
    photo = tmp_path / "coffee.jpg"
    photo.write_bytes(COFFEE)
    for arguments, told in (
        ([], "nothing to diagnose"),
        (["--tensor", str(tmp_path / "none.npy")], "can't be read"),
        (["--probabilities", str(photo)], "neither .npy nor JSON"),
    ):
        ran = CliRunner().invoke(cli, ["diagnose", str(bundle), str(photo), *arguments])
        assert isinstance(ran.exception, UsageError)  # exit code 2
        assert told in str(ran.exception)
        assert "\n" not in str(ran.exception)
