"""The contract: `spec.json`, all that a runtime may know about a model.

The structs below are the only definition. `schema()` derives the JSON Schema that the other ports are tested
against (`safelight/spec.schema.json`, kept current by a test), `parse` reads strictly: an unknown or missing
field is an error that names its place. To extend the contract, add a field here, regenerate the schema
(`python -m safelight.spec > safelight/spec.schema.json`) and follow the failing tests.
"""

from __future__ import annotations

import itertools
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from safelight.errors import SpecError

SPEC_VERSION: Literal[1] = 1
SPEC_NAME = "spec.json"

Geometry = Literal["crop", "stretch", "pad"]
Filter = Literal["bilinear", "bicubic", "lanczos"]
Format = Literal["pytorch", "onnx", "tflite", "tfjs"]
Precision = Literal["fp32", "fp16"]

Text = Annotated[str, Meta(min_length=1)]
Probability = Annotated[float, Meta(ge=0.0, le=1.0)]
Side = Annotated[int, Meta(ge=1, le=4096)]  # pixels
Channel = Annotated[int, Meta(ge=0, le=255)]
# Python's `$` also matches before a last line break, JavaScript's doesn't: `$(?!\n)` is the end in both.
Sha256 = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$(?!\n)")]
# Relative, forward slashes, no "..", no drive, no leading slash: a path can't leave its bundle.
BundlePath = Annotated[str, Meta(pattern=r"^(?!.*(?:^|/)\.\.?(?:/|$))[A-Za-z0-9_][A-Za-z0-9_.-]*(?:/[A-Za-z0-9_.-]+)*$(?!\n)")]


class Contract(Struct, frozen=True, forbid_unknown_fields=True):
    """Base of every part of the contract: immutable and strict."""


class Label(Contract, frozen=True, kw_only=True):
    """One class. `id` is stable and unique; `names` maps a BCP 47 language tag to what people read."""

    id: Text
    names: dict[str, Text] = {}


class InputSpec(Contract, frozen=True, kw_only=True):
    """How upright RGB uint8 [H,W,3] becomes the model's pixels, RGB [S,S,3] in 0..255.

    crop     the shorter side is resized to `resize_to`, then the centre [size, size] is cut out
    stretch  both sides are resized to `size`
    pad      the longer side is resized to `size`, the rest filled with `pad_color`, the photo centred

    The arithmetic, to the bit, is in `safelight/resize.py` and docs/bundle.md.
    """

    size: Side
    geometry: Geometry = "crop"
    resize_to: Side  # pixels of the shorter side before the crop; equal to `size` for stretch and pad
    filter: Filter = "bilinear"
    pad_color: tuple[Channel, Channel, Channel] = (0, 0, 0)

    def __post_init__(self) -> None:
        """Raise ValueError where two fields contradict each other; `parse` turns it into a SpecError."""
        if self.geometry == "crop" and self.resize_to < self.size:
            raise ValueError(f"resize_to ({self.resize_to}) is smaller than size ({self.size}): nothing to crop from")
        if self.geometry != "crop" and self.resize_to != self.size:
            raise ValueError(f"resize_to ({self.resize_to}) must equal size ({self.size}) for {self.geometry}")


class Band(Contract, frozen=True, kw_only=True):
    """A range of confidence and its wording: `{label}` stands for the label's name in that language."""

    id: Text
    at_least: Probability
    wording: dict[str, Text]


class OutputSpec(Contract, frozen=True, kw_only=True):
    """How probabilities become an answer."""

    temperature: Annotated[float, Meta(gt=0.0)] = 1.0  # already inside the network; kept for the record
    abstain_below: Probability = 0.0  # the top probability under which the answer is "unsure"
    bands: Annotated[tuple[Band, ...], Meta(min_length=1)]  # descending; the last one starts at 0

    def __post_init__(self) -> None:
        """Raise ValueError unless the bands differ and descend strictly to 0; `parse` turns it into a SpecError."""
        edges = [band.at_least for band in self.bands]
        if edges[-1] != 0.0 or any(a <= b for a, b in itertools.pairwise(edges)):
            raise ValueError(f"bands must descend strictly and end at 0, they are at {edges}")
        _require_distinct("band ids", [band.id for band in self.bands])


class FeatureMap(Contract, frozen=True, kw_only=True):
    """An output that shows some channels of one layer, NHWC: what the layer answers at each place."""

    layer: Text  # its name in the network's trunk
    output: Text  # the output's name, in every file
    layer_channels: Annotated[int, Meta(ge=1)]
    channels: Annotated[tuple[Annotated[int, Meta(ge=0)], ...], Meta(min_length=1)]  # of the layer, in the order of the output's

    def __post_init__(self) -> None:
        """Raise ValueError unless the channels ascend and the layer has them; `parse` turns it into a SpecError."""
        if any(a >= b for a, b in itertools.pairwise(self.channels)) or self.channels[-1] >= self.layer_channels:
            raise ValueError(f"channels must ascend below layer_channels ({self.layer_channels}), they are {list(self.channels)}")


class ModelSpec(Contract, frozen=True, kw_only=True):
    """Which network it is; `heatmap` is the second output's [h, w], null where the head has none."""

    architecture: Text
    parameters: Annotated[int, Meta(ge=1)]
    heatmap: tuple[Side, Side] | None = None
    feature_maps: tuple[FeatureMap, ...] = ()  # outputs after the heat map; from the first layer to the last

    def __post_init__(self) -> None:
        """Raise ValueError where outputs repeat; `parse` turns it into a SpecError."""
        _require_distinct("outputs of feature_maps", [feature_map.output for feature_map in self.feature_maps])


class FileRecord(Contract, frozen=True, kw_only=True):
    """A file of the bundle with its checksum."""

    path: BundlePath
    bytes: Annotated[int, Meta(ge=0)]
    sha256: Sha256


class Tensor(Contract, frozen=True, kw_only=True):
    """A model's input or output. -1 in `shape` is a size that the caller chooses (the batch)."""

    name: Text
    dtype: Literal["float32"] = "float32"
    layout: Literal["NHWC", "NC"]
    shape: tuple[int, ...]


class Parity(Contract, frozen=True, kw_only=True):
    """What was measured when the bundle was proven: one runtime against PyTorch of the same precision."""

    runtime: Text
    images: int
    max_abs_probability: float
    mean_abs_probability: float
    flips: int  # labels that differ outside near ties


class ModelFile(Contract, frozen=True, kw_only=True):
    """One model in one format and precision. `parts[0]` is the entry point that a runtime opens."""

    format: Format
    precision: Precision
    parts: Annotated[tuple[FileRecord, ...], Meta(min_length=1)]
    input: Tensor
    outputs: tuple[Tensor, ...]
    parity: tuple[Parity, ...] = ()
    # This precision's answers against fp32 PyTorch on the golden photos: what the smaller file costs.
    max_abs_from_fp32: float = 0.0
    label_agreement: Probability = 1.0

    @property
    def key(self) -> str:
        """How reports and the command line name this file: "tflite-fp16"."""
        return f"{self.format}-{self.precision}"

    @property
    def size_bytes(self) -> int:
        """Size of all parts in bytes."""
        return sum(part.bytes for part in self.parts)


class GoldenPhoto(Contract, frozen=True, kw_only=True):
    """A photo that travels with the bundle, and the pixels that it must become."""

    name: Text
    photo: FileRecord
    pixels: FileRecord  # PNG, RGB uint8 [S,S,3]
    pixels_sha256: Sha256  # of the raw bytes [S,S,3], for ports without a PNG decoder


class Golden(Contract, frozen=True, kw_only=True):
    """The bundle's own exam.

    `probabilities` is JSON from PyTorch: {"labels": [C ids], "probabilities": {precision: {photo name: [C floats]}}}.
    """

    photos: tuple[GoldenPhoto, ...]
    probabilities: FileRecord

    def __post_init__(self) -> None:
        """Raise ValueError where names repeat; `parse` turns it into a SpecError."""
        _require_distinct("names of golden photos", [photo.name for photo in self.photos])


class Provenance(Contract, frozen=True, kw_only=True):
    """Where the model comes from; nothing private: counts, fingerprints, versions, figures."""

    source: Text  # "trained" or "pretrained"
    recipe: str = ""
    command: str = ""  # that repeats the training, with placeholders for the folders
    seed: int = 0
    photos: dict[str, int] = {}  # split → number of photos
    data_sha256: str = ""  # of the sorted content hashes and labels of every photo used
    versions: dict[str, str] = {}
    metrics: dict[str, float] = {}


class Spec(Contract, frozen=True, kw_only=True):
    """The whole contract. A run has neither files nor golden photos; a bundle has both."""

    spec: Literal[1] = SPEC_VERSION
    name: Text
    labels: Annotated[tuple[Label, ...], Meta(min_length=2)]
    input: InputSpec
    output: OutputSpec
    model: ModelSpec
    files: tuple[ModelFile, ...] = ()
    golden: Golden | None = None
    provenance: Provenance

    def __post_init__(self) -> None:
        """Raise ValueError where label ids or files repeat; `parse` turns it into a SpecError."""
        _require_distinct("label ids", [label.id for label in self.labels])
        _require_distinct("formats and precisions of files", [file.key for file in self.files])

    def records(self) -> tuple[FileRecord, ...]:
        """Every file that the bundle vouches for."""
        models = [part for file in self.files for part in file.parts]
        if self.golden is None:
            return tuple(models)
        photos = [record for golden in self.golden.photos for record in (golden.photo, golden.pixels)]
        return (*models, *photos, self.golden.probabilities)


def _require_distinct(what: str, names: list[str]) -> None:
    if len(set(names)) != len(names):
        raise ValueError(f"{what} must differ, {sorted({name for name in names if names.count(name) > 1})} repeat")


DEFAULT_BANDS = (
    Band(id="sure", at_least=0.9, wording={"en": "{label}", "zh-Hant": "{label}", "zh-Hans": "{label}"}),
    Band(id="perhaps", at_least=0.6, wording={"en": "perhaps {label}", "zh-Hant": "也許是{label}", "zh-Hans": "也许是{label}"}),
    Band(id="unsure", at_least=0.0, wording={"en": "not sure", "zh-Hant": "不確定", "zh-Hans": "不确定"}),
)


def parse(data: bytes | str, *, where: str = SPEC_NAME) -> Spec:
    """Read a spec strictly. Raises SpecError that names `where`, the field and what is wrong with it."""
    try:
        return msgspec.json.decode(data, type=Spec)
    except msgspec.ValidationError as error:
        raise SpecError(f"{where} breaks the contract: {error}. Was it written by another version of Safelight?") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise SpecError(f"{where} is not JSON: {error}. Export the bundle again.") from error


def dump(spec: Spec) -> bytes:
    """The spec as indented JSON; equal specs give equal bytes."""
    return msgspec.json.format(msgspec.json.encode(spec), indent=2) + b"\n"


def schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of `spec.json`."""
    import inspect

    document = msgspec.json.schema(Spec)
    for part in document["$defs"].values():
        part["description"] = inspect.cleandoc(part["description"])  # Python 3.13 takes the indentation away by itself
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Safelight spec.json", **document}


if __name__ == "__main__":
    print(msgspec.json.format(msgspec.json.encode(schema()), indent=2).decode())
