"""Which known mistake explains dumped probabilities: one made before the network, one after it, or one of each.

The network runs on what every single mistake before it would feed, and on the squares and tones together that came
nearest; each answer is then compared under every mistake that can be made with a finished answer.
"""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from export.diagnose.dump import read_probabilities
from export.diagnose.mistake import PLATFORMS, Mistake, Platform, Stage
from export.diagnose.registry import Choice, of_stage, tensor
from export.diagnose.squares import Squares
from safelight.bundle import Bundle
from safelight.decode import read
from safelight.errors import RuntimeUnavailable, UsageError
from safelight.spec import InputSpec, Spec

AGREES = 1e-4  # max |Δp|: the promise of fp32, design §1
EXPLAINED = 2e-3  # of what an explanation spans from its smallest to its largest number, under which it counts
EXACT = 5e-6  # the same share for the right input, under which the hundred other inputs are not run
ROUNDING = 2e-5  # the same, for what nothing but another order of additions or a few printed digits leaves
FEW = 5  # numbers: of 5000 combinations one explains a shorter answer by chance, so two mistakes are never certain
BEAM = 4  # inputs that a second mistake is added to
SHOWN = 8
TINY = 1e-12  # under which a probability has no logarithm to speak of

Answer = NDArray[np.float64]  # [C]
Model = Callable[[Any], NDArray[np.float32]]


OutputVerdict = Literal["agrees", "close", "named", "ambiguous", "unknown"]


@dataclass(frozen=True)
class OutputMistake:
    """A mistake after the network: `make` turns right probabilities into what would be dumped."""

    name: str
    sentence: str
    make: Callable[[Answer, Answer, Spec], Answer | None]  # (right answer, dump, spec); None where it can't have been made
    fix: str


@dataclass(frozen=True)
class OutputFinding:
    """An explanation: mistakes before and after the network, and the largest |Δp| that they leave."""

    input: str  # names joined by " + ", "contract" where there is none
    output: str
    max_abs: float
    off: float  # max_abs as a share of what the explanation spans: softmax-twice answers of 1000 classes lie within 0.002
    mistakes: tuple[Mistake, ...]
    after: OutputMistake | None

    @property
    def name(self) -> str:
        """Such as "bgr + softmax-twice"; "contract" where there is no mistake."""
        return " + ".join(name for name in (self.input, self.output) if name != "contract") or "contract"


@dataclass(frozen=True)
class OutputDiagnosis:
    """The verdict on one answer and the evidence, best first.

    agrees     PyTorch's answer within AGREES
    close      within EXPLAINED, and no known mistake comes closer: another decoder, precision or arithmetic
    named      `findings[0]` explains it, and nothing else does nearly as well
    ambiguous  several explanations fit, none to the last digits: few classes have many explanations
    unknown    nothing explains it; `findings` are the nearest
    """

    verdict: OutputVerdict
    spec: InputSpec
    findings: tuple[OutputFinding, ...]
    numbers: int  # in the dump
    rivals: tuple[str, ...]  # other names that explain the answer about as well

    @property
    def sentence(self) -> str:
        """The verdict as one sentence."""
        best = self.findings[0]
        if self.verdict == "agrees":
            return f"The probabilities agree with PyTorch within {best.max_abs:.0e}."
        if self.verdict == "close":
            return (
                f"The probabilities are PyTorch's but for differences of at most {best.max_abs:.0e}: "
                "another decoder, precision or arithmetic, no known mistake."
            )
        if self.verdict == "unknown":
            return f"Unknown: the nearest, {best.name}, is off by {best.max_abs:.2g}. Dump the tensor too (--tensor): it tells more."
        others = ", ".join(self.rivals[:3])
        if self.verdict == "ambiguous":
            also = f", and so do others ({others})" if others else ""
            return f"Not certain: {best.name} explains these {self.numbers} numbers{also}. Dump the tensor (--tensor): it decides."
        sentences = [mistake.sentence for mistake in best.mistakes] + ([best.after.sentence] if best.after else [])
        same = f" Here {others} would give the same answer; the tensor (--tensor) decides." if others else ""
        return f"{best.name}: {' '.join(sentences)}{same}"

    @property
    def fixes(self) -> dict[str, Mapping[Platform, str]]:
        """Mistake → platform → one line, of what is named; {} where nothing is."""
        if self.verdict != "named":
            return {}
        best = self.findings[0]
        fixes = {mistake.name: mistake.fixes_under(self.spec) for mistake in best.mistakes}
        return fixes | ({best.after.name: dict.fromkeys(PLATFORMS, best.after.fix)} if best.after else {})


def diagnose_probabilities(photo: Path, dump: Path, bundle: Bundle) -> OutputDiagnosis:
    """Judge the dumped answer for `photo`. Raises PhotoError, UsageError for the dump, RuntimeUnavailable without a runtime."""
    answer, labels = read_probabilities(dump), len(bundle.spec.labels)
    if answer.size not in (labels, labels + 1):
        raise UsageError(f"{dump} holds {answer.size} numbers; {bundle.folder} has {labels} labels. Dump the whole output of the network.")
    return judge(Squares(read(photo), bundle.spec.input), answer, bundle.spec, model_of(bundle))


def model_of(bundle: Bundle) -> Model:
    """PyTorch where it and the bundle's weights for it are there, else the first runtime for an fp32 file. Raises RuntimeUnavailable."""
    if importlib.util.find_spec("torch") is not None and any(file.key == "pytorch-fp32" for file in bundle.spec.files):
        from export.parity.reference import of_bundle

        return of_bundle(bundle)("fp32")
    from safelight.runtimes import RUNTIMES, load

    reasons = []
    for runtime in RUNTIMES.values():
        for file in bundle.spec.files:
            if file.precision == "fp32" and file.format in runtime.FORMATS:
                try:
                    return load(runtime, bundle, file)
                except RuntimeUnavailable as error:
                    reasons.append(str(error))
    raise RuntimeUnavailable("; ".join(reasons) or f"no runtime opens an fp32 file of {bundle.folder}. Export it with --precision fp32.")


def judge(squares: Squares, dump: Answer, spec: Spec, model: Model) -> OutputDiagnosis:
    """The same for a photo, a dump and a model that were read already."""
    seen: set[bytes] = set()
    answers = list(_answers(squares, model, [{}], seen))
    findings = sorted((finding for ways, answer in answers for finding in _compare(ways, answer, dump, spec)), key=_cost)
    if findings[0].off > EXACT:
        answers += _answers(squares, model, _singles(), seen)
        findings = [finding for ways, answer in answers for finding in _compare(ways, answer, dump, spec)]
        findings.sort(key=_cost)
    if findings[0].off > AGREES:
        nearest = sorted(answers, key=lambda one: min(map(_cost, _compare(one[0], one[1], dump, spec))))[:BEAM]
        answers = list(_answers(squares, model, _pairs([ways for ways, _ in nearest if ways]), seen))
        findings += [finding for ways, answer in answers for finding in _compare(ways, answer, dump, spec)]
        findings.sort(key=_cost)
    best = findings[0]
    rivals = {one.name for one in findings if one.off <= max(ROUNDING, 3 * best.off)} - {best.name, "contract"}
    verdict = _verdict(best, bool(rivals), dump.size)
    if verdict == "named":  # to the last digits, or alone: only what is as simple is worth a word
        rivals &= {one.name for one in findings if _count(one) <= _count(best)}
    shown = dict.fromkeys(one.name for one in findings if one.name in rivals)
    return OutputDiagnosis(verdict, spec.input, tuple(findings[:SHOWN]), dump.size, tuple(shown))


def _verdict(best: OutputFinding, rivalled: bool, numbers: int) -> OutputVerdict:
    if best.name == "contract" and best.max_abs <= AGREES:
        return "agrees"
    if best.off > EXPLAINED:
        return "unknown"
    if best.name == "contract":
        return "close"
    by_chance = numbers < FEW and _count(best) > 1
    return "ambiguous" if by_chance or (rivalled and best.off > ROUNDING) else "named"


def _count(finding: OutputFinding) -> int:
    return len(finding.mistakes) + (finding.after is not None)


def _cost(finding: OutputFinding) -> float:
    """A mistake must leave clearly less than none does, and less than a sum's rounding."""
    return float(finding.off * 1.1 ** _count(finding) + 2e-5 * _count(finding))


_BEFORE: tuple[Stage, ...] = ("decode", "frame", "filter", "values", "range", "order")


def _singles() -> list[dict[Stage, Choice]]:
    return [{}, *({stage: choice} for stage in _BEFORE for choice in of_stage(stage))]


def _pairs(bases: list[dict[Stage, Choice]]) -> list[dict[Stage, Choice]]:
    """A second mistake of another kind: pictures get tones and ranges, tones and ranges get the first way of each picture mistake."""
    pairs = []
    for base in bases:
        for stage in _BEFORE:
            if stage not in base and stage != "order":
                firsts = [choice for choice in of_stage(stage) if choice[1] is choice[0].ways[0]]
                pairs += [{**base, stage: choice} for choice in firsts]
    return pairs


def _answers(
    squares: Squares, model: Model, wanted: list[dict[Stage, Choice]], seen: set[bytes]
) -> Iterator[tuple[dict[Stage, Choice], Answer]]:
    for ways in wanted:
        fed = tensor(squares, {stage: way for stage, (_, way) in ways.items()})
        if fed is None:
            continue
        fed = np.ascontiguousarray(fed, np.float32)
        print_ = hashlib.sha256(fed.tobytes()).digest()
        if print_ not in seen:
            seen.add(print_)
            yield ways, model(fed).astype(np.float64)


def _compare(ways: dict[Stage, Choice], answer: Answer, dump: Answer, spec: Spec) -> Iterator[OutputFinding]:
    mistakes = tuple(choice[0] for choice in ways.values())
    if dump.size == answer.size:
        yield _finding(mistakes, None, answer, dump)
    for after in OUTPUT_MISTAKES:
        made = after.make(answer, dump, spec)
        if made is not None and made.size == dump.size:
            yield _finding(mistakes, after, made, dump)


def _finding(mistakes: tuple[Mistake, ...], after: OutputMistake | None, made: Answer, dump: Answer) -> OutputFinding:
    max_abs = float(np.abs(made - dump).max())
    return OutputFinding(
        input=" + ".join(mistake.name for mistake in mistakes) or "contract",
        output=after.name if after else "contract",
        max_abs=max_abs,
        off=max_abs / max(float(np.ptp(made)), 1e-9),
        mistakes=mistakes,
        after=after,
    )


def _softmax(logits: Answer) -> Answer:
    powers = np.exp(logits - logits.max())
    return np.asarray(powers / powers.sum())


def _log(answer: Answer) -> Answer:
    return np.asarray(np.log(answer.clip(TINY)))


def _softmax_twice(answer: Answer, dump: Answer, spec: Spec) -> Answer | None:
    return _softmax(answer)


def _log_softmax(answer: Answer, dump: Answer, spec: Spec) -> Answer | None:
    return _log(answer) if dump.max() <= 0 else None


def _logits(answer: Answer, dump: Answer, spec: Spec) -> Answer | None:
    """Probabilities tell logits up to a constant, which the dump itself tells."""
    if dump.size != answer.size or (dump.min() >= 0 and dump.max() <= 1) or dump.max() <= 0:
        return None
    return np.asarray(_log(answer) + np.median(dump - _log(answer)))


def _sigmoid(answer: Answer, dump: Answer, spec: Spec) -> Answer | None:
    if dump.size != answer.size or dump.min() < 0 or dump.max() > 1:
        return None
    logits = np.log(dump.clip(TINY, 1 - 1e-9)) - np.log1p(-dump.clip(TINY, 1 - 1e-9))
    return np.asarray(1 / (1 + np.exp(-(_log(answer) + np.median(logits - _log(answer))))))


def _without_temperature(answer: Answer, dump: Answer, spec: Spec) -> Answer | None:
    return _softmax(_log(answer) * spec.output.temperature) if spec.output.temperature != 1 else None


def _temperature_twice(answer: Answer, dump: Answer, spec: Spec) -> Answer | None:
    return _softmax(_log(answer) / spec.output.temperature) if spec.output.temperature != 1 else None


def _other_temperature(answer: Answer, dump: Answer, spec: Spec) -> Answer | None:
    """Fitted: the slope between the logarithms, over classes that have a probability to speak of."""
    if dump.size != answer.size or dump.min() < 0 or abs(dump.sum() - 1) > 1e-3:
        return None
    there = (dump > 1e-6) & (answer > 1e-6)
    if there.sum() < 3:
        return None
    a, d = _log(answer)[there], _log(dump)[there]
    spread = float(((a - a.mean()) ** 2).sum())
    slope = float(((a - a.mean()) * (d - d.mean())).sum()) / spread if spread > 1e-9 else 1.0
    known = (1.0, spec.output.temperature, 1 / spec.output.temperature)  # right, left out, applied twice: they have their own names
    if not 0.02 < slope < 50 or any(abs(slope / one - 1) < 0.02 for one in known):
        return None
    return _softmax(_log(answer) * slope)


def _shifted(answer: Answer, dump: Answer, spec: Spec) -> Answer | None:
    """By one place: a background class stands before the labels, or was taken away from them."""
    if dump.size == answer.size + 1:
        return np.concatenate([[0.0], answer])
    return min((np.roll(answer, 1), np.roll(answer, -1)), key=lambda one: float(np.abs(one - dump).max()))


def _reversed(answer: Answer, dump: Answer, spec: Spec) -> Answer | None:
    return answer[::-1]


def _alphabetical(answer: Answer, dump: Answer, spec: Spec) -> Answer | None:
    ids = [label.id for label in spec.labels]
    named = [label.names.get("en", label.id) for label in spec.labels]
    orders = [sorted(range(len(words)), key=words.__getitem__) for words in (ids, named, [word.lower() for word in ids])]
    if dump.size != answer.size:
        return None
    made = [answer[order] for order in orders if order != list(range(len(order)))]
    return min(made, key=lambda one: float(np.abs(one - dump).max())) if made else None


def _percent(answer: Answer, dump: Answer, spec: Spec) -> Answer | None:
    return answer * 100 if dump.max() > 1 and dump.min() >= 0 else None


def _bytes(answer: Answer, dump: Answer, spec: Spec) -> Answer | None:
    """0..255 as integers, as a quantised model hands them out."""
    return np.rint(answer * 255) if dump.max() > 1 and np.array_equal(dump, np.rint(dump)) else None


_INSIDE = "softmax and temperature are inside the network: take its output as it is, and by its name in spec.json"
_LABELS = "answer i belongs to spec.json's labels[i]: read the labels from there, in that order, without a background class"

OUTPUT_MISTAKES: tuple[OutputMistake, ...] = (
    OutputMistake("softmax-twice", "Softmax was applied to probabilities: everything is nearly equal.", _softmax_twice, _INSIDE),
    OutputMistake("logits", "These are logits, before softmax.", _logits, _INSIDE),
    OutputMistake("log-softmax", "These are logarithms of probabilities.", _log_softmax, _INSIDE),
    OutputMistake("sigmoid", "Sigmoid stands where softmax should.", _sigmoid, _INSIDE),
    OutputMistake("temperature-left-out", "The temperature was left out.", _without_temperature, _INSIDE),
    OutputMistake("temperature-twice", "The temperature was applied twice.", _temperature_twice, _INSIDE),
    OutputMistake("other-temperature", "The answer is sharper or softer by another temperature.", _other_temperature, _INSIDE),
    OutputMistake("labels-shifted", "The labels are shifted by one place.", _shifted, _LABELS),
    OutputMistake("labels-reversed", "The labels are in reverse.", _reversed, _LABELS),
    OutputMistake("labels-sorted", "The labels were sorted by the alphabet.", _alphabetical, _LABELS),
    OutputMistake("percent", "These are percentages.", _percent, "the network answers 0..1; multiply by 100 only where people read it"),
    OutputMistake("bytes", "The answer was rounded to 0..255.", _bytes, "take the float32 output, not a quantised one"),
)
