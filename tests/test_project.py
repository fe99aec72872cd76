"""The repository itself: nothing large or private in it, the README's commands exist, the wheel is whole."""

from __future__ import annotations

import ast
import re
import runpy
import shlex
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import click
import pytest

from safelight.cli import cli

ROOT = Path(__file__).parents[1]
MAX_BYTES = 1_000_000
BINARY = {".png", ".jpg", ".webp", ".ico", ".wasm", ".npy"}
WEIGHTS = {".pt", ".pth", ".onnx", ".tflite", ".safetensors", ".h5", ".ckpt", ".pkl", ".bin"}
# Directories of one machine or one person. Assembled, so that this file does not find itself.
MACHINE_PATHS = re.compile(
    "|".join([r"(?<![\w.])/" + "home/[a-z]", "/" + "root/", "/" + "Users/[A-Za-z]", "[A-Z]:" + r"\\\\Users", "(?<![\\w.])/" + "work/"])
)
PUBLIC_HOSTS = {
    "pypi.org",
    "files.pythonhosted.org",
    "registry.npmjs.org",
    "opencollective.com",
    "github.com",
    "tidelift.com",
    "www.patreon.com",
}
ADDRESS = re.compile(r"https?://([A-Za-z0-9.-]+)")


def tracked() -> list[Path]:
    """Every file under version control that is there; skips where the sources came without git."""
    command = ["git", "-c", "safe.directory=*", "ls-files", "-z"]  # a checkout may belong to somebody else, in CI for one
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False) if shutil.which("git") else None
    if result is None or result.returncode != 0:
        pytest.skip("not a git checkout")
    return [path for name in result.stdout.split("\0") if name and (path := ROOT / name).is_file()]


def texts() -> list[tuple[str, str]]:
    """(path, text) of every tracked text file."""
    return [(path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")) for path in tracked() if path.suffix not in BINARY]


def test_nothing_large_is_tracked() -> None:
    assert {path.name: path.stat().st_size for path in tracked() if path.stat().st_size > MAX_BYTES} == {}


def test_no_weights_are_tracked() -> None:
    assert [path.name for path in tracked() if path.suffix in WEIGHTS] == []


def test_no_path_of_one_machine_is_written_down() -> None:
    assert [f"{name}: {match[0]}" for name, text in texts() for match in MACHINE_PATHS.finditer(text)] == []


@pytest.mark.parametrize("leak", ["/home/" + "ana/x", "see /" + "root/.cache", "/" + "Users/ana", "in /" + "work/main"])
def test_a_path_of_one_machine_would_be_seen(leak: str) -> None:
    assert MACHINE_PATHS.search(leak)


def test_lock_files_name_public_registries_only() -> None:
    for name in ("uv.lock", "webapp/package-lock.json"):
        if (ROOT / name).is_file():
            assert set(ADDRESS.findall((ROOT / name).read_text(encoding="utf-8"))) <= PUBLIC_HOSTS, name


def test_text_files_end_in_one_line_break_and_have_no_carriage_returns() -> None:
    assert [name for name, text in texts() if text and (not text.endswith("\n") or "\r" in text)] == []


def shell_lines(document: str) -> list[str]:
    """The commands in the ```sh blocks of a document, comments removed."""
    blocks = re.findall(r"^```sh\n(.*?)^```", (ROOT / document).read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    lines = [line for block in blocks for line in block.replace("\\\n", " ").splitlines()]
    return [line for line in (shlex.join(shlex.split(line, comments=True)) for line in lines) if line]


def check_safelight(words: list[str]) -> None:
    """Raise AssertionError unless the subcommand and each option exist."""
    assert words, "safelight alone does nothing"
    if words[0].startswith("-"):
        assert words[0] in {"--help", "-h", "--version"}
        return
    command = cli.get_command(click.Context(cli), words[0])
    assert command is not None, f"there is no command {words[0]}"
    options = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)} | {"--help", "-h"}
    used = {word.partition("=")[0] for word in words[1:] if word.startswith("-") and word != "-"}
    assert used <= options, f"safelight {words[0]} has no {sorted(used - options)}"


@pytest.mark.parametrize("document", ["README.md", "CONTRIBUTING.md"])
def test_every_command_in_the_documents_exists(document: str) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    lines = shell_lines(document)
    assert lines
    for line in lines:
        words = shlex.split(line)
        if words[0] == "safelight":
            check_safelight(words[1:])
        if words[0] == "make":
            assert {word for word in words[1:] if "=" not in word and not word.startswith("-")} <= targets, line
        if words[0] == "python" and words[1].endswith(".py"):
            assert (ROOT / words[1]).is_file(), line


@pytest.mark.parametrize("wrong", [["trian", "photos/"], ["export", "run", "--ouput", "x"], ["predict", "b", "--jsno"]])
def test_a_wrong_command_would_be_seen(wrong: list[str]) -> None:
    with pytest.raises(AssertionError):
        check_safelight(wrong)


def test_the_help_lists_every_command_that_can_be_called() -> None:
    from safelight.cli import COMMANDS

    for name in COMMANDS:
        command = cli.get_command(click.Context(cli), name)
        assert command is not None
        assert command.help, name


def test_links_in_the_documents_lead_somewhere() -> None:
    for document in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\(([^)#\s]+)", document.read_text(encoding="utf-8")):
            if not target.startswith("http"):
                assert (document.parent / target).exists(), f"{document.name} → {target}"


def test_the_bootstrap_is_read_by_an_old_python() -> None:
    """So that Python 3.7 to 3.10 print one sentence and not a syntax error."""
    ast.parse((ROOT / "scripts/bootstrap.py").read_text(encoding="utf-8"), feature_version=(3, 7))


def test_the_bootstrap_finds_node_in_the_lock_file() -> None:
    bootstrap = runpy.run_path(str(ROOT / "scripts/bootstrap.py"))
    version, hashes = bootstrap["locked"](bootstrap["NODE_PACKAGE"])
    assert tuple(int(part) for part in version.split(".")[:2]) >= bootstrap["MIN_NODE"]
    assert hashes
    assert all(re.fullmatch("sha256:[0-9a-f]{64}", digest) for digest in hashes)


def test_the_bootstrap_reads_versions() -> None:
    bootstrap = runpy.run_path(str(ROOT / "scripts/bootstrap.py"))
    assert bootstrap["version_of"](sys.executable) == sys.version_info[:2]
    assert bootstrap["version_of"]("no-such-program") == ()


@pytest.mark.slow
def test_the_wheel_is_whole(tmp_path: Path) -> None:
    """Built from what is tracked, as a fresh clone has it; without a network, since `uv sync` has the build back end in its cache."""
    uv = next((found for found in (ROOT / ".cache/bin/uv", shutil.which("uv")) if found and Path(found).exists()), None)
    if uv is None:
        pytest.skip("needs uv on PATH, or in .cache/bin where the bootstrap puts it")
    source = tmp_path / "source"
    for path in tracked():
        target = source / path.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    (source / "safelight/webapp").mkdir()
    (source / "safelight/webapp/index.html").write_text("what `make webapp` builds, and git ignores")
    subprocess.run([uv, "build", "--offline", "--wheel", "--quiet", "--python", sys.executable, "--out-dir", tmp_path, source], check=True)
    names = set(zipfile.ZipFile(next(tmp_path.glob("*.whl"))).namelist())
    python = {
        path.relative_to(ROOT).as_posix() for path in tracked() if path.relative_to(ROOT).parts[0] in {"safelight", "train", "export"}
    }
    assert python <= names
    assert {"safelight/spec.schema.json", "safelight/py.typed", "safelight/webapp/index.html"} <= names
    assert not [name for name in names if name.startswith(("tests/", "bench/", "webapp/"))]
