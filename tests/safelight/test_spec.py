"""spec.json: strict, stable to the byte, and the same for `parse` as for the JSON Schema that the ports use."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest

import safelight.spec
from safelight.errors import SpecError
from safelight.spec import DEFAULT_BANDS, SPEC_NAME, Band, InputSpec, OutputSpec, Spec, dump, parse, schema
from tests.safelight.conftest import GOLDEN, make_spec

SCHEMA_FILE = Path(safelight.spec.__file__).with_name("spec.schema.json")
VALID = sorted((GOLDEN / "spec" / "valid").glob("*.json"))
INVALID = sorted((GOLDEN / "spec" / "invalid").glob("*.json"))
# What JSON Schema can't say, so that every port checks it in code (docs/bundle.md lists the rules):
BEYOND_THE_SCHEMA = {
    "label-twice",
    "band-twice",
    "file-twice",
    "golden-photo-twice",
    "feature-map-twice",
    "feature-channel-beyond",
    "feature-channels-descend",
    "crop-from-less",
    "stretch-resize-to",
    "pad-resize-to",
    "bands-ascend",
    "bands-equal",
    "bands-end-above-0",
}


def why(path: Path) -> dict[str, Any]:
    """The sidecar: why the spec is invalid, the field to blame, and whether the JSON Schema sees it."""
    sidecar: dict[str, Any] = json.loads(path.with_suffix(".why").read_text())
    return sidecar


def by_schema() -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(json.loads(SCHEMA_FILE.read_text()))


def test_the_schema_file_is_current() -> None:
    assert json.loads(SCHEMA_FILE.read_text()) == json.loads(json.dumps(schema())), (
        "run: python -m safelight.spec > safelight/spec.schema.json"
    )


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())


@pytest.mark.parametrize("path", VALID, ids=lambda path: path.stem)
def test_a_valid_spec_is_valid_for_both(path: Path) -> None:
    parse(path.read_bytes())
    by_schema().validate(json.loads(path.read_text()))


@pytest.mark.parametrize("path", INVALID, ids=lambda path: path.stem)
def test_an_invalid_spec_is_refused_with_its_place(path: Path) -> None:
    place = why(path)["where"]
    with pytest.raises(SpecError) as caught:
        parse(path.read_bytes(), where="pets.bundle/spec.json")
    message = str(caught.value)
    assert message.startswith("pets.bundle/spec.json breaks the contract: ")
    assert place.rpartition(".")[2] in message


@pytest.mark.parametrize("path", INVALID, ids=lambda path: path.stem)
def test_the_schema_refuses_it_too_unless_it_is_named(path: Path) -> None:
    assert by_schema().is_valid(json.loads(path.read_text())) is (path.stem in BEYOND_THE_SCHEMA)
    assert why(path)["schema"] is (path.stem not in BEYOND_THE_SCHEMA)


def test_every_golden_spec_has_its_sidecar_and_the_other_way_round() -> None:
    assert {path.stem for path in INVALID} == {path.stem for path in (GOLDEN / "spec" / "invalid").glob("*.why")}
    assert len(VALID) >= 4
    assert len(INVALID) >= 50
    assert {path.stem for path in INVALID} >= BEYOND_THE_SCHEMA


@pytest.mark.parametrize("path", VALID, ids=lambda path: path.stem)
def test_reading_and_writing_again_changes_nothing(path: Path) -> None:
    spec = parse(path.read_bytes())
    assert parse(dump(spec)) == spec
    assert dump(parse(dump(spec))) == dump(spec)


def test_equal_specs_give_equal_bytes_and_every_default_is_written() -> None:
    """A port need not know a default: the file that we write states every field."""
    written = json.loads(dump(make_spec()))
    assert dump(make_spec()) == dump(make_spec())
    assert set(written) == set(Spec.__struct_fields__)
    assert set(written["input"]) == set(InputSpec.__struct_fields__)


def test_the_full_golden_spec_uses_every_field() -> None:
    """So that a port which reads it has met them all."""
    data = json.loads((GOLDEN / "spec" / "valid" / "full.json").read_text())
    assert data == json.loads(dump(parse(json.dumps(data))))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is not JSON"),
        (b"{", "is not JSON"),
        (b"\xff\xfe{}", "is not JSON"),
        (b"\xef\xbb\xbf{}", "is not JSON"),  # a byte order mark
        (b"null", "breaks the contract"),
        (b'{"spec": NaN}', "is not JSON"),
        (b"[" * 100_000, "breaks the contract"),
    ],
)
def test_what_is_not_a_spec_at_all_is_one_sentence(data: bytes, message: str) -> None:
    with pytest.raises(SpecError, match=message):
        parse(data)


def test_a_whole_number_is_written_without_a_point() -> None:
    """The one value that JSON Schema takes and `parse` refuses; JavaScript can't see the difference, so it is no golden file."""
    data = dump(make_spec()).replace(b'"size": 224', b'"size": 224.0')
    assert by_schema().is_valid(json.loads(data))
    with pytest.raises(SpecError, match=r"Expected `int`, got `float` - at `\$\.input\.size`"):
        parse(data)


@pytest.mark.parametrize("base", VALID, ids=lambda path: path.stem)
def test_every_field_is_strict(base: Path) -> None:
    """Walk the whole tree: an extra field anywhere is refused, by the schema as well."""
    data = json.loads(base.read_text())
    validator = by_schema()
    for place in objects(data):
        place["surprise"] = 1
        assert not validator.is_valid(data)
        with pytest.raises(SpecError):
            parse(json.dumps(data))
        del place["surprise"]
    parse(json.dumps(data))


def objects(value: Any) -> list[dict[str, Any]]:
    """Every object in the tree but the free dictionaries, whose keys are languages, splits, packages or metrics."""
    if isinstance(value, list):
        return [found for item in value for found in objects(item)]
    if not isinstance(value, dict):
        return []
    free = {"names", "wording", "photos", "versions", "metrics"}
    inner = [found for key, item in value.items() if not (key in free and isinstance(item, dict)) for found in objects(item)]
    return [value, *inner]


def test_the_contract_is_immutable() -> None:
    spec = make_spec()
    with pytest.raises(AttributeError):
        spec.name = "other"  # type: ignore[misc]


def test_records_are_all_files_that_the_bundle_vouches_for() -> None:
    spec = parse((GOLDEN / "spec" / "valid" / "full.json").read_bytes())
    text = (GOLDEN / "spec" / "valid" / "full.json").read_text()
    assert sorted(record.path for record in spec.records()) == sorted(re.findall(r'"path": "([^"]+)"', text))
    assert make_spec().records() == ()


def test_keys_and_sizes_of_model_files() -> None:
    spec = parse((GOLDEN / "spec" / "valid" / "full.json").read_bytes())
    assert [file.key for file in spec.files] == ["pytorch-fp32", "onnx-fp32", "onnx-fp16", "tflite-fp32", "tfjs-fp32"]
    assert spec.files[-1].size_bytes == 30


def test_the_default_bands_follow_their_own_rules() -> None:
    OutputSpec(bands=DEFAULT_BANDS)
    assert {frozenset(band.wording) for band in DEFAULT_BANDS} == {frozenset({"en", "zh-Hant", "zh-Hans"})}


def test_built_in_code_breaks_the_same_rules() -> None:
    with pytest.raises(ValueError, match="nothing to crop from"):
        InputSpec(size=224, resize_to=200)
    with pytest.raises(ValueError, match="must descend strictly"):
        OutputSpec(bands=(Band(id="a", at_least=0.5, wording={}),))


def test_the_file_is_named_once() -> None:
    assert SPEC_NAME == "spec.json"
    assert msgspec.json.decode(SCHEMA_FILE.read_bytes())["title"] == "Safelight spec.json"
