"""How long the formats take to write, and how fast the .tflite runs beside litert-torch's file of the same network.

python bench/formats.py

Targets: lowering and writing TFLite and TF.js ≤ 2 s together; TFLite latency within 5 % of litert-torch's. Both files
run in this process, turn by turn, so that a busy machine slows both; what counts is the ratio of the medians.
"""

# ruff: noqa: T201 a benchmark speaks by print

from __future__ import annotations

import statistics
import tempfile
import time
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from export.exported import Exported, prepare
from export.formats import FORMATS
from safelight import models
from safelight.spec import DEFAULT_BANDS, Label, ModelSpec, OutputSpec, Precision, Provenance, Spec

NETWORKS = {"efficientnet_lite0": True, "mobilenet_v2": False}  # name → pretrained
ROUNDS = 60  # runs of each file, turn by turn
WARM_UP = 5
THREADS = (1, 2)
PRECISIONS: tuple[Precision, ...] = ("fp32", "fp16")


def exported(name: str, *, pretrained: bool) -> Exported:
    """A network with ImageNet's classes, traced."""
    torch.manual_seed(0)
    network = models.build(name, pretrained=pretrained)
    spec = Spec(
        name=name,
        labels=tuple(Label(id=str(index)) for index in range(network.head.out_features)),
        input=models.input_of(name),
        output=OutputSpec(bands=DEFAULT_BANDS),
        model=ModelSpec(architecture=name, parameters=1),
        provenance=Provenance(source="bench"),
    )
    return prepare(network, spec)


def timed(action: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds, and what the action returned."""
    begin = time.perf_counter()
    result = action()
    return time.perf_counter() - begin, result


def write_all(source: Exported, folder: Path) -> dict[str, float]:
    """Seconds to lower, and to write each format and precision."""
    source = replace(source)  # its graph is not lowered yet
    seconds = {"lower": timed(lambda: source.graph)[0]}
    for name, module in FORMATS.items():
        for precision in module.TOLERANCE:
            seconds[f"{name}-{precision}"] = timed(lambda m=module, p=precision: m.write(source, p, folder))[0]  # type: ignore[misc]
    return seconds


def peer(source: Exported, path: Path) -> float:
    """litert-torch's file of the same Deployable; seconds it took."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import litert_torch

        size = source.spec.input.size
        example = (torch.zeros(1, size, size, 3),)
        seconds, edge = timed(lambda: litert_torch.convert(source.deployable, example))
        edge.export(str(path))
    return seconds


def latencies(paths: list[Path], threads: int) -> list[float]:
    """Median milliseconds of each file, run turn by turn."""
    from ai_edge_litert.interpreter import Interpreter

    interpreters = [Interpreter(model_path=str(path), num_threads=threads) for path in paths]
    for interpreter in interpreters:
        interpreter.allocate_tensors()
        details = interpreter.get_input_details()[0]
        interpreter.set_tensor(details["index"], torch.rand(*details["shape"].tolist()).mul(255).numpy())
    times: list[list[float]] = [[] for _ in paths]
    for index in range(WARM_UP + ROUNDS):
        order = range(len(paths)) if index % 2 else reversed(range(len(paths)))
        for which in order:
            seconds, _ = timed(interpreters[which].invoke)
            if index >= WARM_UP:
                times[which].append(seconds * 1000)
    return [statistics.median(series) for series in times]


def main() -> None:
    """Print both tables as Markdown."""
    rows, races = [], []
    for name, pretrained in NETWORKS.items():
        trace_seconds, source = timed(lambda n=name, p=pretrained: exported(n, pretrained=p))  # type: ignore[misc]
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place)
            rows.append((name, trace_seconds, write_all(source, folder)))
            theirs = folder / "peer.tflite"
            seconds = peer(source, theirs)
            for threads in THREADS:
                for precision, file in zip(PRECISIONS, ("model.tflite", "model-fp16.tflite"), strict=True):
                    ours, other = latencies([folder / file, theirs], threads)
                    sizes = (folder / file).stat().st_size / 1e6, theirs.stat().st_size / 1e6
                    races.append((name, precision, threads, ours, other, ours / other, *sizes, seconds))
    columns = list(rows[0][2])
    print("\n| network | trace s | " + " | ".join(f"{column} s" for column in columns) + " | TFLite + TF.js s |")
    print("|---" * (len(columns) + 3) + "|")
    for name, trace_seconds, written in rows:
        total = sum(value for key, value in written.items() if key.startswith(("lower", "tflite", "tfjs")))
        print(f"| {name} | {trace_seconds:.1f} | " + " | ".join(f"{written[key]:.2f}" for key in columns) + f" | {total:.2f} |")
    print("\n| network | ours | threads | ours ms | litert-torch fp32 ms | ratio | ours MB | litert-torch MB | litert-torch took s |")
    print("|---" * 9 + "|")
    for name, precision, threads, ours, other, ratio, megabytes, their_megabytes, seconds in races:
        times = f"{ours:.1f} | {other:.1f} | {ratio:.3f}"
        print(f"| {name} | {precision} | {threads} | {times} | {megabytes:.1f} | {their_megabytes:.1f} | {seconds:.1f} |")


if __name__ == "__main__":
    main()
