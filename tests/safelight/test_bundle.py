"""A folder with a spec.json is a proven bundle: nothing half-written, changed or foreign passes for one."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from safelight.bundle import Bundle, check_files, open_bundle, read_spec, record_of, seal, staged
from safelight.errors import BundleError, SpecError
from safelight.spec import FileRecord, ModelFile, Tensor, dump
from tests.safelight.conftest import make_spec


def write_bundle(folder: Path) -> Bundle:
    """A sealed bundle with one model file in a sub-folder; the model is bytes that nothing here runs."""
    (folder / "tfjs").mkdir(parents=True)
    (folder / "tfjs" / "model.json").write_bytes(b"{}")
    record = record_of(folder / "tfjs" / "model.json", folder)
    return seal(folder, make_spec(files=(model_file(record),)))


def model_file(*parts: FileRecord) -> ModelFile:
    pixels = Tensor(name="pixels", layout="NHWC", shape=(-1, 224, 224, 3))
    return ModelFile(
        format="tfjs", precision="fp32", parts=parts, input=pixels, outputs=(Tensor(name="probabilities", layout="NC", shape=(-1, 2)),)
    )


def test_a_sealed_bundle_opens(tmp_path: Path) -> None:
    written = write_bundle(tmp_path / "pets.bundle")
    opened = open_bundle(tmp_path / "pets.bundle")
    assert opened == written
    assert opened.path(opened.file("tfjs-fp32").parts[0]).read_bytes() == b"{}"


def test_a_record_is_path_size_and_sha256(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "b.bin").write_bytes(b"abc")
    digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"  # FIPS 180-4's example
    assert record_of(tmp_path / "a" / "b.bin", tmp_path) == FileRecord(path="a/b.bin", bytes=3, sha256=digest)


def test_a_changed_file_is_found(tmp_path: Path) -> None:
    bundle = write_bundle(tmp_path / "pets.bundle")
    (bundle.folder / "tfjs" / "model.json").write_bytes(b"[]")  # the same length
    with pytest.raises(BundleError, match=r"tfjs/model.json in .* was changed: 2 bytes, sha256 4f53cda18c2b…"):
        open_bundle(bundle.folder)
    assert open_bundle(bundle.folder, check=False).spec == bundle.spec


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    bundle = write_bundle(tmp_path / "pets.bundle")
    (bundle.folder / "tfjs" / "model.json").unlink()
    with pytest.raises(BundleError, match=r"lacks tfjs/model.json"):
        open_bundle(bundle.folder)


def test_a_folder_in_a_files_place_is_a_missing_file(tmp_path: Path) -> None:
    bundle = write_bundle(tmp_path / "pets.bundle")
    (bundle.folder / "tfjs" / "model.json").unlink()
    (bundle.folder / "tfjs" / "model.json").mkdir()
    with pytest.raises(BundleError, match=r"lacks tfjs/model.json"):
        open_bundle(bundle.folder)


def test_a_run_is_not_a_bundle(tmp_path: Path) -> None:
    (tmp_path / "spec.json").write_bytes(dump(make_spec()))
    with pytest.raises(BundleError, match=r"is a run, not a bundle: .* safelight export"):
        open_bundle(tmp_path)
    assert read_spec(tmp_path) == make_spec()


@pytest.mark.parametrize("path", ["../secret", "a/../../secret", "/etc/hostname", "C:/x", "a\\b", "model.onnx\n"])
def test_a_path_that_leaves_the_bundle_is_refused_before_it_is_touched(tmp_path: Path, path: str) -> None:
    bundle = write_bundle(tmp_path / "pets.bundle")
    data = msgspec.json.decode((bundle.folder / "spec.json").read_bytes())
    data["files"][0]["parts"][0]["path"] = path
    (bundle.folder / "spec.json").write_bytes(msgspec.json.encode(data))
    with pytest.raises(SpecError, match=r"files\[0\].parts\[0\].path"):
        open_bundle(bundle.folder)


def test_what_is_no_bundle_says_what_to_name(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    for folder, words in [
        (tmp_path, "has no spec.json"),
        (tmp_path / "nowhere", "is not a folder"),
        (tmp_path / "file", "is not a folder"),
    ]:
        with pytest.raises(BundleError, match=words):
            open_bundle(folder)


def test_a_spec_that_is_a_folder_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "spec.json").mkdir()
    with pytest.raises(BundleError, match="can't be read"):
        open_bundle(tmp_path)


def test_an_unknown_file_lists_what_there_is(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="has no tflite-fp16; it has tfjs-fp32"):
        write_bundle(tmp_path / "pets.bundle").file("tflite-fp16")


def test_sealing_checks_first_and_writes_the_spec_last(tmp_path: Path) -> None:
    bundle = write_bundle(tmp_path / "pets.bundle")
    (bundle.folder / "spec.json").unlink()
    (bundle.folder / "tfjs" / "model.json").write_bytes(b"damaged")
    with pytest.raises(BundleError, match="was changed"):
        seal(bundle.folder, bundle.spec)
    assert not (bundle.folder / "spec.json").exists()


def test_a_whole_folder_moves_into_place(tmp_path: Path) -> None:
    out = tmp_path / "deep" / "pets.bundle"
    with staged(out) as stage:
        write_bundle(stage)
        assert not out.exists()
        assert stage.parent == out.parent  # the same disk, so that moving is one step
    assert open_bundle(out)
    assert [path.name for path in out.parent.iterdir()] == ["pets.bundle"]
    assert out.stat().st_mode & 0o777 == 0o755


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_an_interrupted_export_leaves_nothing(tmp_path: Path, error: type[BaseException]) -> None:
    with pytest.raises(error):
        export_that_stops(tmp_path / "pets.bundle", error)
    assert list(tmp_path.iterdir()) == []


def export_that_stops(out: Path, error: type[BaseException]) -> None:
    with staged(out) as stage:
        (stage / "model.onnx").write_bytes(b"half")
        raise error


def test_an_interrupted_export_leaves_the_old_bundle(tmp_path: Path) -> None:
    bundle = write_bundle(tmp_path / "pets.bundle")
    with pytest.raises(KeyboardInterrupt), staged(bundle.folder):
        raise KeyboardInterrupt
    assert open_bundle(bundle.folder) == bundle
    assert [path.name for path in tmp_path.iterdir()] == ["pets.bundle"]


def test_a_bundle_of_ours_is_replaced_whole(tmp_path: Path) -> None:
    bundle = write_bundle(tmp_path / "pets.bundle")
    (bundle.folder / "old.txt").write_text("from an earlier export")
    with staged(bundle.folder) as stage:
        write_bundle(stage)
    assert open_bundle(bundle.folder)
    assert not (bundle.folder / "old.txt").exists()


def test_an_empty_folder_is_used(tmp_path: Path) -> None:
    (tmp_path / "pets.bundle").mkdir()
    with staged(tmp_path / "pets.bundle") as stage:
        write_bundle(stage)
    assert open_bundle(tmp_path / "pets.bundle")


def test_a_foreign_folder_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "holiday.jpg").write_bytes(b"dear")
    started = False
    with pytest.raises(BundleError, match="was not written by Safelight"), staged(tmp_path / "photos"):
        started = True
    assert not started
    assert (tmp_path / "photos" / "holiday.jpg").read_bytes() == b"dear"
    with pytest.raises(BundleError), staged(tmp_path / "photos" / "holiday.jpg"):
        pass


def test_checking_an_open_bundle_again_finds_later_damage(tmp_path: Path) -> None:
    bundle = write_bundle(tmp_path / "pets.bundle")
    check_files(bundle)
    (bundle.folder / "tfjs" / "model.json").write_bytes(b"")
    with pytest.raises(BundleError):
        check_files(bundle)
