"""The pictures as PNG files, the figures as JSON, and all of it as one HTML page that asks nothing of the network.

The page shows the photo: it stays beside the run and never enters a bundle.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from PIL import Image

from safelight.task import display_name, say
from train.explain import pictures
from train.explain.filters import Seen
from train.explain.heat import spread
from train.explain.pipeline import PAGE_NAME, Explained
from train.explain.stages import Stage, liveliest, silent

RANKED = 5  # classes with a bar
FEATURED = 6  # layers shown at once; the others unfold


@dataclass(frozen=True)
class Picture:
    """One picture of the page and the file that it is saved as."""

    file: str  # below the folder
    image: Image.Image
    alt: str

    @property
    def uri(self) -> str:
        """For the page."""
        return pictures.uri(self.image)

    @property
    def width(self) -> int:
        """In pixels."""
        return self.image.width

    @property
    def height(self) -> int:
        """In pixels."""
        return self.image.height


@dataclass(frozen=True)
class LayerMaps:
    """A stage on the page."""

    number: int
    stage: Stage
    shown: Sequence[int]  # channels
    silent: int
    picture: Picture


@dataclass(frozen=True)
class Filter:
    """A channel on the page: what excites it, and where the photo did."""

    seen: Seen
    picture: Picture
    where: Picture


def write(folder: Path, found: Explained) -> None:
    """Write pictures, explain.json and the page, last, into an existing folder."""
    names = [display_name(label) for label in found.spec.labels]
    photo = Picture("photo.png", pictures.photo(found.pixels), "The photo as the network was given it")
    heats = _heats(found, names)
    drop, worst = _occlusion(found, names[found.label])
    layers = [_layer(number, stage, found.options.channels) for number, stage in enumerate(found.stages, 1)]
    filters = [(seen[0].stage, [_filter(one) for one in seen]) for seen in found.filters if seen]
    everything = [photo, *(picture for _, picture in heats), drop, worst, *(layer.picture for layer in layers)]
    everything += [picture for _, row in filters for one in row for picture in (one.picture, one.where)]
    for picture in everything:
        path = folder / picture.file
        path.parent.mkdir(parents=True, exist_ok=True)
        picture.image.save(path, "PNG")
    (folder / "explain.json").write_text(json.dumps(figures(found), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    featured = _featured(len(layers))
    environment = Environment(
        loader=PackageLoader("train.explain", "."), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["percent"] = percent
    text = environment.get_template("explain.html.j2").render(
        found=found,
        names=names,
        answer=say(found.prediction, found.spec),
        ranking=[(names[index], float(found.probabilities[index])) for index in (-found.probabilities).argsort(kind="stable")[:RANKED]],
        photo=photo,
        heats=heats,
        drop=drop,
        worst=worst,
        layers=[layers[index] for index in featured],
        more=[layer for index, layer in enumerate(layers) if index not in featured],
        filters=filters,
        legend=pictures.uri(pictures.legend()),
    )
    (folder / PAGE_NAME).write_text(text, encoding="utf-8")


def figures(found: Explained) -> dict[str, Any]:
    """What the page says in numbers."""
    ids = [label.id for label in found.spec.labels]
    return {
        "network": found.spec.model.architecture,
        "photo": found.photo.name,
        "label": found.prediction.label,
        "explained": ids[found.label],
        "probabilities": dict(zip(ids, map(float, found.probabilities), strict=True)),
        "heat": found.heat and {"method": found.heat.method, "layer": found.heat.layer, "classes": [ids[index] for index in found.classes]},
        "occlusion": {
            "patch": found.occlusion.patch,
            "corners": found.occlusion.corners,
            "drops": found.occlusion.drops.tolist(),
        },
        "layers": [
            {"name": stage.name, "kind": stage.kind, "shape": list(stage.maps.shape), "silent": silent(stage.maps)}
            for stage in found.stages
        ],
        "filters": [
            {"layer": one.stage.name, "channel": one.channel, "noise": one.before, "photo": one.photo, "picture": one.after}
            for seen in found.filters
            for one in seen
        ],
    }


def percent(share: float) -> str:
    """0.9213 → "92.1 %"; what is nearly none or nearly all is not rounded to it."""
    if 0.9995 <= share < 1:
        return "> 99.9 %"
    return "< 0.1 %" if 0 < share < 0.0005 else f"{100 * share:.1f} %"


def _heats(found: Explained, names: Sequence[str]) -> list[tuple[int, Picture]]:
    if found.heat is None:
        return []
    maps = spread(found.heat.maps, len(found.pixels))
    return [
        (
            index,
            Picture(
                f"heat/{place}-{_slug(found.spec.labels[index].id)}.png",
                pictures.heat(found.pixels, strength),
                f"What speaks for {names[index]}, place by place",
            ),
        )
        for place, (index, strength) in enumerate(zip(found.classes, maps, strict=True), 1)
    ]


def _occlusion(found: Explained, name: str) -> tuple[Picture, Picture]:
    """How far the probability falls, and the patch that costs most."""
    size, covered = len(found.pixels), found.occlusion
    drops = covered.map(size).clamp(min=0)
    map_ = pictures.heat(found.pixels, drops / drops.max().clamp(min=1e-12))
    row, column = covered.worst
    pixels = found.pixels.copy()
    top, left = covered.corners[row], covered.corners[column]
    pixels[top : top + covered.patch, left : left + covered.patch] = covered.grey
    return (
        Picture("occlusion/drop.png", map_, f"How far the probability of {name} falls where the square covers the photo"),
        Picture("occlusion/worst.png", pictures.framed(pixels, left, top, covered.patch), "The photo with the square that costs most"),
    )


def _layer(number: int, stage: Stage, most: int) -> LayerMaps:
    shown = liveliest(stage.maps, most)
    picture = Picture(f"maps/{number:03}-{_slug(stage.name)}.png", pictures.grid(stage.maps[shown]), f"Feature maps of {stage.name}")
    return LayerMaps(number, stage, shown, silent(stage.maps), picture)


def _filter(seen: Seen) -> Filter:
    place, channel = f"filters/{_slug(seen.stage.name)}", f"channel {seen.channel} of {seen.stage.name}"
    return Filter(
        seen,
        Picture(f"{place}/{seen.channel:04}.png", pictures.filter_picture(seen.picture), f"A picture that excites {channel}"),
        Picture(
            f"{place}/{seen.channel:04}-photo.png", pictures.alone(seen.stage.maps[seen.channel]), f"Where the photo excites {channel}"
        ),
    )


def _featured(count: int) -> list[int]:
    """The indices of FEATURED layers, spread over the depth."""
    most = min(FEATURED, count)
    return sorted({round(index * (count - 1) / max(most - 1, 1)) for index in range(most)})


def _slug(name: str) -> str:
    """A label or a layer as part of a file's name."""
    return re.sub(r"[^\w.-]+", "-", name)[:60]
