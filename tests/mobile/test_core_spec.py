"""The C core reads the specs that Python reads, to the same values, and refuses those that Python refuses."""

from __future__ import annotations

import json
import random
import re
import struct
from pathlib import Path
from typing import Any

import pytest

from safelight.errors import SpecError
from safelight.exif import orientation
from safelight.spec import dump, parse
from tests.mobile.core import BAD_SPEC, OK, batch, planted, read_specs, run
from tests.webapp.test_spec import mutated

GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "spec"
VALID = sorted((GOLDEN / "valid").glob("*.json"))
INVALID = sorted((GOLDEN / "invalid").glob("*.json"))
FULL = (GOLDEN / "valid" / "full.json").read_bytes()
# After the name, in its place or before the document: what JSON allows and what it doesn't.
TEXTS = [
    *(
        rb"\ud800",
        rb"\ud83d\ude00",
        rb"\udc00",
        rb"\ud800\ud800",
        rb"\ud83d\u0041",
        rb"\u00e9\u20ac",
        rb"\u0000",
        rb"\x",
        rb"\/",
        rb"\u12g4",
    ),
    *(
        b"\xc0\x80",
        b"\xed\xa0\x80",
        b"\xf4\x90\x80\x80",
        b"\xf0\x8f\xbf\xbf",
        b"\xe0\x9f\xbf",
        b"\xff",
        b"\xe7\x8c\xab",
        b"\xf0\x9f\x90\xb1",
    ),
    *(b"\x01", b"\t", b"\n", b"\x7f", b'"', b"\\", rb"\u", rb"\ud83d\u", b'\\"', b"", b"\xe7\x8c"),
]
NUMBERS = [
    *(b"1e400", b"1e-400", b"-0", b"01", b"1.", b".5", b"+1", b"1e5", b"1E+05", b"1e", b"-", b"NaN", b"Infinity", b"true", b'"1"', b"null"),
    *(b"1.7976931348623157e308", b"1.7976931348623159e308", b"5e-324", b"2e-324", b"2.5e-324", b"0e99999999999", b"1e99999999999999999999"),
    *(b"9" * 400, b"123456789012345678901234567890", b"0." + b"0" * 400 + b"1", b"1" + b"0" * 400 + b"e-400", b"0.1e1", b"--1", b"1e+-1"),
    *(b"9007199254740993", b"9007199254740993.00000000000000000000000000000001", b"2.2250738585072011e-308", b"0x10", b"1 2", b"[1]"),
    b"179769313486231580793728971405301" + b"0" * 276,  # half way between the largest double and infinity
    b"1.00000000000000011102230246251565404236316680908203125",  # half way between 1 and the next
    b"1.00000000000000011102230246251565404236316680908203124",
    b"1.00000000000000011102230246251565404236316680908203125" + b"0" * 1500 + b"1",
]


def by_python(document: bytes) -> Any:
    """The spec's values, None where Python refuses it."""
    try:
        return json.loads(dump(parse(document)))
    except SpecError:
        return None


def differ(program: Path, folder: Path, documents: list[bytes]) -> list[str]:
    """Documents about which the core and Python disagree, in verdict or values."""
    wrong = []
    for document, found in zip(documents, read_specs(program, folder, documents), strict=True):
        expected = by_python(document)
        if found["status"] != (BAD_SPEC if expected is None else OK) or found.get("spec") != expected:
            wrong.append(f"{document[:300]!r}: {str(found)[:300]}")
    return wrong


@pytest.mark.parametrize("path", VALID, ids=lambda path: path.stem)
def test_a_valid_spec_is_read_to_pythons_values(core: Path, tmp_path: Path, path: Path) -> None:
    found = read_specs(core, tmp_path, [path.read_bytes()])[0]
    assert found == {"status": OK, "spec": by_python(path.read_bytes())}


def test_an_invalid_spec_is_refused_with_its_place(core: Path, tmp_path: Path) -> None:
    assert len(INVALID) >= 50
    for path, found in zip(INVALID, read_specs(core, tmp_path, [path.read_bytes() for path in INVALID]), strict=True):
        place = json.loads(path.with_suffix(".why").read_text())["where"].rpartition(".")[2]
        assert found["status"] == BAD_SPEC, path.stem
        assert found["message"].startswith("spec.json breaks the contract: $"), found
        assert place in found["message"], (path.stem, found)


def test_the_verdict_on_mutated_specs_is_pythons(core: Path, watched: Path, tmp_path: Path) -> None:
    """2,000 seeded mutations of a spec that uses every field, and 2,000 of its bytes; a tenth of them under the sanitizers."""
    generator = random.Random(17)
    full = json.loads(FULL)
    documents = [json.dumps(mutated(full, generator)).encode() for _ in range(2000)]
    assert 200 < sum(by_python(document) is not None for document in documents) < 1800
    for _ in range(2000):
        edited = bytearray(FULL)
        at = generator.randrange(len(edited))
        edited[at : at + generator.randrange(3)] = bytes(
            generator.choices(b'"{}[]:,0123456789.eE-+tfnul\\ \n\xc3\xa9x', k=generator.randrange(3))
        )
        documents.append(bytes(edited))
    assert not differ(core, tmp_path, documents)
    assert not differ(watched, tmp_path, documents[::10])


def test_json_is_read_as_python_reads_it(core: Path, watched: Path, tmp_path: Path) -> None:
    """Escapes, UTF-8, white space, repeated and unknown fields, numbers at the edges of a double."""
    minimal = dump(parse((GOLDEN / "valid" / "minimal.json").read_bytes()))
    name = re.search(rb'"name": "[^"]*"', minimal)
    assert name is not None
    documents = [minimal.replace(name[0], b'"name": "a' + text + b'"') for text in TEXTS]
    documents += [minimal.replace(b'"seed": 0', b'"seed": ' + number) for number in NUMBERS if b"9" * 30 not in number and len(number) < 19]
    documents += [minimal.replace(b'"metrics": {}', b'"metrics": {"x": ' + number + b"}") for number in NUMBERS]
    documents += [
        before + minimal.strip() + after for before in (b"", b"\xef\xbb\xbf", b" \t\r\n", b"\f") for after in (b"", b" ", b"x", b"\0", b",")
    ]
    documents += [minimal.replace(b'"name":', b'"name": "twice", "name":'), minimal.replace(b'"name":', b'"name": 1, "name":')]
    documents += [minimal.replace(b'"name":', rb'"n\u0061me":'), b"[" * 100_000, b"", b"{", b"null", b"{}", b'{"spec": 1']
    for place in [*re.finditer(rb"[{}\[\]:,]", minimal)]:
        documents.append(minimal[: place.start()] + minimal[place.end() :])
        documents.append(minimal[: place.start()])
    assert not differ(core, tmp_path, documents)
    assert not differ(watched, tmp_path, documents)


def test_numbers_are_rounded_correctly(core: Path, tmp_path: Path) -> None:
    """20,000 decimals, short and long, small and large, become the doubles that Python makes of them."""
    generator = random.Random(5)
    numbers = [repr(value) for value in struct.unpack("<5000d", generator.randbytes(40_000)) if abs(value) < float("inf")]
    for _ in range(15_000):
        digits = "".join(generator.choices("0123456789", k=generator.randrange(1, 40)))
        numbers.append(f"{generator.choice('123456789')}.{digits}e{generator.randrange(-330, 309)}")
    finite = [number for number in numbers if abs(float(number)) != float("inf")]
    spec = json.loads(FULL)
    spec["provenance"]["metrics"] = {str(index): 0 for index in range(len(finite))}
    text = json.dumps(spec)
    head, _, tail = text.partition('"metrics": ')
    figures = ", ".join(f'"{index}": {number}' for index, number in enumerate(finite))
    document = f'{head}"metrics": {{{figures}}}{tail[tail.index("}") + 1 :]}'
    found = read_specs(core, tmp_path, [document.encode()])[0]["spec"]["provenance"]["metrics"]
    wrong = [number for index, number in enumerate(finite) if found[str(index)] != float(number)]
    assert not wrong


@pytest.mark.slow
@pytest.mark.parametrize(
    ("file", "right", "wrong"),
    [
        ("spec.c", "length <= 2 && text", "length <= 1 && text"),  # ".." leaves the bundle
        ("spec.c", "bands[i].at_least <= bands[i + 1].at_least", "bands[i].at_least < bands[i + 1].at_least"),
        ("read.c", "return list->count >= type->least ||", "return true ||"),  # one label, no bands
    ],
)
def test_a_laxer_parser_is_noticed(tmp_path: Path, file: str, right: str, wrong: str) -> None:
    program = planted(tmp_path, file, right, wrong)
    assert differ(program, tmp_path, [path.read_bytes() for path in INVALID])


def test_exif_orientation_is_pythons(core: Path, watched: Path, tmp_path: Path) -> None:
    """3,000 records: right ones in both byte orders, damaged ones, and noise."""
    generator = random.Random(3)
    records = []
    for _ in range(3000):
        order = generator.choice("<>")
        entries = [
            struct.pack(
                order + "HHII",
                generator.choice((0x0112, 0x0112, 0x010F)),
                generator.choice((1, 2, 3, 4, 9)),
                1,
                generator.choice((6, 6 << 16, 8, 300)),
            )
            for _ in range(generator.randrange(4))
        ]
        record = (
            (b"II*\0" if order == "<" else b"MM\0*")
            + struct.pack(order + "IH", 8, generator.choice((len(entries), 65535)))
            + b"".join(entries)
        )
        if generator.random() < 0.5:
            record = b"Exif\0\0" + record
        if generator.random() < 0.5:
            at = generator.randrange(len(record))
            record = record[:at] + generator.randbytes(1) + record[at + 1 :]
        records.append(record[: generator.randrange(len(record) + 1)] if generator.random() < 0.3 else record)
    expected = [value if 1 <= (value := orientation(record)) <= 8 else 1 for record in records]
    assert len(set(expected)) > 2
    (tmp_path / "records").write_bytes(batch(records))
    for program in (core, watched):
        assert [int(line) for line in run(program, "exif", tmp_path / "records").split()] == expected
