"""`safelight predict`: classify photos with a bundle."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from safelight.bundle import Bundle, open_bundle
from safelight.cli.options import limits
from safelight.decode import FOREIGN_SUFFIXES, SUFFIXES, Limits, decode, find_photos
from safelight.errors import PhotoError, RuntimeUnavailable, UsageError
from safelight.resize import resize
from safelight.runtimes import RUNTIMES, Model, load
from safelight.task import predict, say

EXAMPLES = """
\b
Examples:
  safelight predict pets.bundle some.jpg
  safelight predict pets.bundle photos/ --json > answers.json
  safelight predict pets.bundle photos/ --runtime litert --language zh-Hant
"""


@click.command(epilog=EXAMPLES)
@click.argument("bundle", type=click.Path(path_type=Path))
@click.argument("photos", type=click.Path(path_type=Path), nargs=-1, required=True)
@click.option("--json", "as_json", is_flag=True, help="One JSON list instead of lines.")
@click.option("--top", type=click.IntRange(1), default=3, show_default=True, help="How many classes to rank.")
@click.option("--runtime", type=click.Choice(list(RUNTIMES)), help="Which runtime; by default the first that is installed.")
@click.option("--language", default="en", show_default=True, help="Of the wording: en, zh-Hant or zh-Hans.")
@limits
def command(bundle: Path, photos: tuple[Path, ...], as_json: bool, top: int, runtime: str | None, language: str, limits: Limits) -> None:
    """Classify PHOTOS, files or folders, with BUNDLE. A photo that can't be read is reported; the exit code is then 1."""
    opened = open_bundle(bundle)
    model = _model(opened, runtime)
    answers = []
    for photo in _files(photos):
        answer = _answer(photo, opened, model, top, language, limits)
        answers.append(answer)
        if not as_json:
            click.echo(_line(answer))
    if as_json:
        click.echo(json.dumps(answers, indent=2, ensure_ascii=False))
    sys.exit(1 if any("error" in answer for answer in answers) else 0)


def _model(bundle: Bundle, name: str | None) -> Model:
    """The first runtime that is installed and opens one of the bundle's files, fp32 before fp16."""
    reasons = []
    for runtime in [RUNTIMES[name]] if name else RUNTIMES.values():
        for file in sorted(bundle.spec.files, key=lambda file: file.precision != "fp32"):
            if file.format in runtime.FORMATS:
                try:
                    return load(runtime, bundle, file)
                except RuntimeUnavailable as error:
                    reasons.append(str(error))
    has = ", ".join(file.key for file in bundle.spec.files)
    raise RuntimeUnavailable(
        "; ".join(dict.fromkeys(reasons)) or f"no runtime for {has}. Export another format, or choose another --runtime."
    )


def _files(photos: tuple[Path, ...]) -> Iterator[Path]:
    for path in photos:
        found = find_photos(path, SUFFIXES | FOREIGN_SUFFIXES) if path.is_dir() else [path]
        if not found:
            raise UsageError(f"{path} holds no photos.")
        yield from found


def _answer(photo: Path, bundle: Bundle, model: Model, top: int, language: str, limits: Limits) -> dict[str, Any]:
    try:
        prediction = predict(model(resize(decode(photo, limits=limits), bundle.spec.input)), bundle.spec, top=top)
    except PhotoError as error:
        return {"photo": str(photo), "error": error.reason, "message": str(error)}
    return {
        "photo": str(photo),
        "label": prediction.label,
        "probability": prediction.probability,
        "band": prediction.band,
        "abstained": prediction.abstained,
        "wording": say(prediction, bundle.spec, language),
        "ranking": [{"label": label, "probability": probability} for label, probability in prediction.ranking],
    }


def _line(answer: dict[str, Any]) -> str:
    if "error" in answer:
        return f"{answer['photo']}: {answer['message']}"
    ranking = ", ".join(f"{one['label']} {one['probability']:.3f}" for one in answer["ranking"])
    return f"{answer['photo']}: {answer['wording']} ({ranking})"
