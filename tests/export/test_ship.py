from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from skimage import data

from export.ship import ShipOptions, ship
from safelight import models
from safelight.bundle import open_bundle
from safelight.checkpoint import save_run
from safelight.errors import BundleError, ParityFailure, UsageError
from safelight.spec import DEFAULT_BANDS, InputSpec, Label, ModelSpec, OutputSpec, Provenance, Spec

BACKBONE = "resnet18"  # few layers, so that it traces quickly; random weights, since parity needs no skill
QUICK = ShipOptions(formats=("onnx",), precisions=("fp32",), browsers=())


@pytest.fixture(scope="session")
def exported_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of two classes, and a report beside it that mentions a private photo."""
    folder = tmp_path_factory.mktemp("runs") / "pets"
    folder.mkdir()
    torch.manual_seed(0)
    network = models.build(BACKBONE, pretrained=False, classes=2)
    spec = Spec(
        name="pets",
        labels=(Label(id="cats"), Label(id="dogs")),
        input=models.input_of(BACKBONE),
        output=OutputSpec(temperature=1.7, bands=DEFAULT_BANDS),
        model=ModelSpec(architecture=BACKBONE, parameters=sum(p.numel() for p in network.parameters())),
        provenance=Provenance(source="trained", photos={"train": 20}),
    )
    save_run(folder, network, spec)
    (folder / "report.html").write_text("private: grandma.jpg")
    return folder


def test_a_run_becomes_a_bundle_that_says_what_was_proven(exported_run: Path, tmp_path: Path) -> None:
    shipped = ship(str(exported_run), tmp_path / "pets.bundle", QUICK)
    spec = open_bundle(tmp_path / "pets.bundle").spec
    assert spec == shipped.bundle.spec
    assert [file.key for file in spec.files] == ["pytorch-fp32", "onnx-fp32"]
    (parity,) = spec.files[1].parity
    assert (parity.runtime, parity.images, parity.flips) == ("onnxruntime", 13, 0)
    assert 0 < parity.max_abs_probability < 1e-5
    assert spec.model.heatmap == (7, 7)
    assert [output.name for output in spec.files[1].outputs] == ["probabilities", "heatmap"]
    assert spec.model.feature_maps == ()
    report = json.loads((tmp_path / "pets.bundle" / "parity.json").read_text())
    assert report["passed"] is True
    assert "| `model.onnx` |" in (tmp_path / "pets.bundle" / "README.md").read_text()


def test_feature_maps_are_outputs_of_every_file(bundle: Path) -> None:
    spec = open_bundle(bundle).spec
    assert [one.layer for one in spec.model.feature_maps] == ["4", "6", "8", "14"]
    expected = [(one.output, side, len(one.channels)) for one, side in zip(spec.model.feature_maps, (112, 56, 28, 14), strict=True)]
    for file in spec.files:
        names = [output.name for output in file.outputs]
        assert names[:2] == ["probabilities", "heatmap"]
        assert [(output.name, output.shape[2], output.shape[3]) for output in file.outputs[2:]] == expected
        assert {output.layout for output in file.outputs[2:]} == {"NHWC"}
    assert "feature maps of the layers 4, 6, 8, 14" in (bundle / "README.md").read_text()


def test_an_unknown_layer_writes_nothing(exported_run: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no layer layer9 with feature maps in the trunk\. It has 0 \(112 × 112, 64 channels\)"):
        ship(str(exported_run), tmp_path / "b", replace(QUICK, feature_maps=("layer9",)))
    assert list(tmp_path.iterdir()) == []


def test_temperature_is_inside_the_network(exported_run: Path, tmp_path: Path) -> None:
    """Were it left out, the stored answers of the cold network would differ from the files' by far more than parity allows."""
    ship(str(exported_run), tmp_path / "b", QUICK)
    stored = json.loads((tmp_path / "b/golden/probabilities.json").read_text())["probabilities"]["fp32"]["cat-420.jpg"]
    from safelight.decode import decode
    from safelight.resize import resize

    network = models.build(BACKBONE, pretrained=False, classes=2)
    from safetensors.torch import load_file

    network.load_state_dict(load_file(exported_run / "model.safetensors"))
    pixels = torch.from_numpy(resize(decode(tmp_path / "b/golden/cat-420.jpg"), models.input_of(BACKBONE))[None]).float()
    with torch.inference_mode():
        logits = network(pixels)[0]
    assert torch.allclose((logits / 1.7).softmax(0), torch.tensor(stored), atol=1e-5)
    assert not torch.allclose(logits.softmax(0), torch.tensor(stored), atol=1e-3)


def test_the_same_run_gives_the_same_contract(exported_run: Path, tmp_path: Path) -> None:
    for name in ("a", "b"):
        ship(str(exported_run), tmp_path / name, QUICK)
    assert (tmp_path / "a/spec.json").read_bytes() == (tmp_path / "b/spec.json").read_bytes()


def test_a_bundle_holds_nothing_of_the_users(exported_run: Path, tmp_path: Path) -> None:
    """Every file is one that the spec names or one of four known reports, and none mentions the user's folders."""
    out = tmp_path / "secret-place" / "pets.bundle"
    ship(str(exported_run), out, QUICK)
    spec = open_bundle(out).spec
    known = {record.path for record in spec.records()} | {"spec.json", "README.md", "parity.json", "parity.html", "parity.xml"}
    assert {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()} == known
    home = str(Path.home()).encode()
    for path in out.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            for secret in (
                b"grandma",
                b"secret-place",
                str(exported_run).encode(),
                str(tmp_path).encode(),
                *([home] if len(home) > 5 else []),
            ):
                assert secret not in content, f"{path.name} mentions {secret!r}"


def test_own_golden_photos_go_in_when_asked(exported_run: Path, tmp_path: Path) -> None:
    photos = tmp_path / "mine"
    photos.mkdir()
    Image.fromarray(data.rocket()).save(photos / "grandma in Taipei.jpg")
    ship(str(exported_run), tmp_path / "b", ShipOptions(formats=("onnx",), precisions=("fp32",), browsers=(), golden=photos))
    names = [photo.name for photo in open_bundle(tmp_path / "b").spec.golden.photos]  # type: ignore[union-attr]
    assert names[-1] == "own-0000.jpg"
    assert not [path for path in (tmp_path / "b").rglob("*") if "grandma" in path.name]


def test_what_cannot_be_proven_is_not_written(exported_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A writer that loses precision: the bundle must not come into being, and the report must say who disagrees."""
    import onnx

    from export.formats import onnx as onnx_format

    honest = onnx_format.write

    def careless(exported: object, precision: object, folder: Path) -> object:
        file = honest(exported, precision, folder)  # type: ignore[arg-type]
        model = onnx.load(folder / "model.onnx")
        for tensor in model.graph.initializer:
            if tensor.name == "head.bias":
                bias = onnx.numpy_helper.to_array(tensor) + np.array([0.05, 0.0], np.float32)
                tensor.CopyFrom(onnx.numpy_helper.from_array(bias, tensor.name))
        onnx.save(model, folder / "model.onnx")
        return file

    monkeypatch.setattr(onnx_format, "write", careless)
    out = tmp_path / "pets.bundle"
    with pytest.raises(ParityFailure, match=r"was not written.*onnxruntime/onnx-fp32"):
        ship(str(exported_run), out, QUICK)
    assert not out.exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["pets.bundle.failed"]
    assert json.loads((tmp_path / "pets.bundle.failed/parity.json").read_text())["passed"] is False


def test_a_format_that_no_runtime_proves_is_not_shipped(exported_run: Path, tmp_path: Path) -> None:
    with pytest.raises(ParityFailure, match="required and did not pass"):
        ship(str(exported_run), tmp_path / "b", ShipOptions(formats=("onnx",), precisions=("fp32",), browsers=(), require=("litert",)))


@pytest.mark.parametrize("source", ["no/such/folder", "efficientnet_lite9"])
def test_an_unknown_source_is_one_sentence(source: str, tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="neither a folder that safelight train wrote nor a backbone"):
        ship(source, tmp_path / "b", QUICK)


def test_a_bundle_is_not_exported_again(bundle: Path, tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="is a bundle already"):
        ship(str(bundle), tmp_path / "b", QUICK)


def test_a_foreign_folder_is_never_replaced(exported_run: Path, tmp_path: Path) -> None:
    (tmp_path / "holiday").mkdir()
    (tmp_path / "holiday/photo.jpg").write_bytes(b"precious")
    with pytest.raises(BundleError, match="was not written by Safelight"):
        ship(str(exported_run), tmp_path / "holiday", QUICK)
    assert (tmp_path / "holiday/photo.jpg").read_bytes() == b"precious"


def test_another_geometry_is_proven_too(exported_run: Path, tmp_path: Path) -> None:
    import msgspec

    from safelight.bundle import read_spec
    from safelight.checkpoint import load_run

    network, _ = load_run(exported_run)
    folder = tmp_path / "stretched"
    folder.mkdir()
    save_run(
        folder,
        network,
        msgspec.structs.replace(read_spec(exported_run), input=InputSpec(size=224, resize_to=224, geometry="pad", filter="lanczos")),
    )
    assert ship(str(folder), tmp_path / "b", QUICK).report.passed


@pytest.mark.slow
def test_an_operator_that_the_lowering_lacks_costs_only_its_formats(tmp_path: Path) -> None:
    """ConvNeXt normalises by layers: ONNX is written and proven, TFLite and TF.js are left out by name."""
    torch.manual_seed(0)
    network = models.build("convnext_tiny", pretrained=False, classes=2)
    folder = tmp_path / "run"
    folder.mkdir()
    spec = Spec(
        name="run",
        labels=(Label(id="cats"), Label(id="dogs")),
        input=models.input_of("convnext_tiny"),
        output=OutputSpec(bands=DEFAULT_BANDS),
        model=ModelSpec(architecture="convnext_tiny", parameters=sum(p.numel() for p in network.parameters())),
        provenance=Provenance(source="trained"),
    )
    save_run(folder, network, spec)
    shipped = ship(str(folder), tmp_path / "b", ShipOptions(precisions=("fp32",), browsers=()))
    assert [file.key for file in open_bundle(tmp_path / "b").spec.files] == ["pytorch-fp32", "onnx-fp32"]
    assert list(shipped.left_out) == ["tflite", "tfjs"]
    for error in shipped.left_out.values():
        assert "LayerNormalization" in str(error)
        assert "ONNX" in str(error)
