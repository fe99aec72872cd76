"""The web app's figures, and a straightforward peer's in the same run, as markdown tables that come as they are measured.

python bench/web.py [--bundle BUNDLE] [--photos FOLDER] [--only throughput,start,blocked,memory,weight,lighthouse]

Without options: EfficientNet-Lite0 with ImageNet's 1000 classes, scikit-image's photos. web.mjs drives the browser.
"""

from __future__ import annotations

import functools
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import click
import onnx
import onnx.utils
from PIL import Image

from export.parity.browsers import chromium
from export.ship import ShipOptions, ship
from safelight import serving, site
from safelight.bundle import Bundle, open_bundle
from safelight.decode import decode
from safelight.resize import resize
from safelight.runtimes import load, onnxruntime
from safelight.task import predict

HERE = Path(__file__).resolve().parent
MIXED = {0.5: 50, 2.0: 60, 5.0: 50, 12.0: 40}  # megapixels → of 200 photos
KINDS = (".jpg", ".jpeg", ".png")
QUALITY = 90  # JPEG
SMALL = (320, 240)  # pixels of the photos of the memory test: the model's work, not the decoder's
DISTINCT = 50  # contents among the small ones; the other files are links to these
MEASURES = ("throughput", "start", "blocked", "memory", "weight", "lighthouse")

say = functools.partial(print, flush=True)


@click.command()
@click.option("--bundle", "named", type=click.Path(path_type=Path, exists=True), help="A bundle with onnx and tfjs files.")
@click.option("--photos", type=click.Path(path_type=Path, exists=True), help="A folder of photos to scale, instead of scikit-image's.")
@click.option("--count", default=200, show_default=True, help="Mixed photos of the throughput.")
@click.option("--rounds", default=3, show_default=True, help="Of the throughput, ours and the peer's by turns; the median counts.")
@click.option("--many", default=5000, show_default=True, help="Small photos: of the memory's curve, and of the grid that is scrolled.")
@click.option("--only", default=",".join(MEASURES), show_default=True, help="What to measure.")
def main(named: Path | None, photos: Path | None, count: int, rounds: int, many: int, only: str) -> None:
    """Print the web app's figures."""
    wanted = only.split(",")
    if unknown := set(wanted) - set(MEASURES):
        raise click.UsageError(f"--only knows {', '.join(MEASURES)}, not {', '.join(sorted(unknown))}")
    program, node = chromium.find(), shutil.which("node")
    if program is None or node is None:
        sys.exit(chromium.MISSING if program is None else "no node on the PATH")
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        path = named or folder / "imagenet.bundle"
        if named is None:
            ship("efficientnet_lite0", path, ShipOptions(browsers=()))
        bundle = open_bundle(path)
        site.write(bundle, folder / "site")
        sources = found(photos)
        job: dict[str, object] = {"webapp": str(HERE.parent / "webapp"), "chromium": program, "measures": wanted, "rounds": rounds}
        if {"throughput", "start", "blocked"} & set(wanted):
            mixed = make_mixed(sources, folder / "mixed", count)
            job |= {"photos": [str(photo) for photo in mixed]}
            if "throughput" in wanted:
                job |= {"expected": labels(bundle, mixed), "transformers": str(for_transformers(bundle, folder / "transformers"))}
        if {"memory", "blocked"} & set(wanted):
            job |= {"many": str(make_small(sources, folder / "many", many)), "count": many}
        file = next(file for file in bundle.spec.files if file.format == "tfjs" and file.precision == "fp16")
        job |= {"labels": [label.id for label in bundle.spec.labels], "size": bundle.spec.input.size}
        job |= {"model": f"bundle/{file.parts[0].path}", "input": file.input.name, "output": file.outputs[0].name}
        with serving.server(folder / "site", site.build().headers, 0) as server:
            threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
            job["url"] = f"http://{serving.ADDRESS}:{server.server_port}/"
            (folder / "job.json").write_text(json.dumps(job))
            load = ", ".join(f"{each:.1f}" for each in os.getloadavg())
            say(f"{platform.machine()}, {os.cpu_count()} cores, load {load} before the start; {bundle.spec.name}, tfjs-fp16\n")
            done = subprocess.run([node, str(HERE / "web.mjs"), str(folder / "job.json")], check=False)
            server.shutdown()
    sys.exit(done.returncode)


def found(folder: Path | None) -> list[Path]:
    """The photos to scale: of a folder, or those that come with scikit-image."""
    if folder is None:
        from skimage import data

        package = Path(data.__file__).parent
        return [package / name for name in ("astronaut.png", "chelsea.png", "coffee.png", "rocket.jpg")]
    sources = sorted(path for path in folder.rglob("*") if path.suffix.lower() in KINDS)[:DISTINCT]
    if not sources:
        raise click.UsageError(f"{folder} holds no {', '.join(KINDS)}")
    return sources


def make_mixed(sources: list[Path], folder: Path, count: int) -> list[Path]:
    """`count` JPEGs in the proportions of MIXED, each another part of a photo, so that no two are the same."""
    folder.mkdir()
    whole = sum(MIXED.values())
    sizes = [size for size, share in MIXED.items() for _ in range(max(1, round(share * count / whole)))][:count]
    out = []
    for index, megapixels in enumerate(sizes):
        with Image.open(sources[index % len(sources)]) as opened:
            photo = opened.convert("RGB")
        inset = index // len(sources) % 20  # pixels cut off
        photo = photo.crop((inset, inset, photo.width, photo.height))
        scale = (megapixels * 1e6 / (photo.width * photo.height)) ** 0.5
        path = folder / f"{index:03} {megapixels} MP.jpg"
        photo.resize((round(photo.width * scale), round(photo.height * scale)), Image.Resampling.BICUBIC).save(path, quality=QUALITY)
        out.append(path)
        if index % 50 == 49:
            click.echo(f"{index + 1} of {len(sizes)} photos made", err=True)
    return out


def make_small(sources: list[Path], folder: Path, count: int) -> Path:
    """A folder of `count` small JPEGs."""
    folder.mkdir()
    for index in range(count):
        path = folder / f"{index:05}.jpg"
        if index >= DISTINCT:
            path.hardlink_to(folder / f"{index % DISTINCT:05}.jpg")
            continue
        with Image.open(sources[index % len(sources)]) as photo:
            photo.convert("RGB").crop((index, index, photo.width, photo.height)).resize(SMALL).save(path, quality=QUALITY)
    return folder


def labels(bundle: Bundle, photos: list[Path]) -> list[str]:
    """What Python says: onnxruntime on the file of the site's precision, which the export has proven against PyTorch."""
    session = load(onnxruntime, bundle, bundle.file("onnx-fp16"))
    return [predict(session(resize(decode(photo), bundle.spec.input)), bundle.spec).label for photo in photos]


def for_transformers(bundle: Bundle, folder: Path) -> Path:
    """The same network as transformers.js wants it: NCHW "pixel_values" in, "logits" out, its photos' way to pixels in two JSON files."""
    (folder / "onnx").mkdir(parents=True)
    file, size = bundle.file("onnx-fp16"), bundle.spec.input.size
    names = [file.input.name], [file.outputs[0].name]
    onnx.utils.extract_model(bundle.path(file.parts[0]), folder / "onnx" / "model.onnx", *names)
    model = onnx.load(folder / "onnx" / "model.onnx")
    pixels = onnx.helper.make_tensor_value_info("pixel_values", onnx.TensorProto.FLOAT, (1, 3, size, size))
    model.graph.node.insert(0, onnx.helper.make_node("Transpose", ["pixel_values"], names[0], perm=(0, 2, 3, 1)))
    model.graph.node.append(onnx.helper.make_node("Identity", names[1], ["logits"]))
    logits = onnx.helper.make_tensor_value_info("logits", onnx.TensorProto.FLOAT, (1, len(bundle.spec.labels)))
    del model.graph.input[:], model.graph.output[:]
    model.graph.input.append(pixels)
    model.graph.output.append(logits)
    onnx.save(model, folder / "onnx" / "model.onnx")
    ids = {str(index): label.id for index, label in enumerate(bundle.spec.labels)}
    (folder / "config.json").write_text(json.dumps({"model_type": "mobilenet_v2", "id2label": ids}))
    way = {"do_resize": True, "size": {"shortest_edge": bundle.spec.input.resize_to}, "resample": 2, "do_center_crop": True}
    way |= {"crop_size": {"height": size, "width": size}, "do_rescale": False, "do_normalize": False}
    (folder / "preprocessor_config.json").write_text(json.dumps({"image_processor_type": "MobileNetV2ImageProcessor", **way}))
    return folder


if __name__ == "__main__":
    main()
