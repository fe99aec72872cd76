"""Every network is traced once and written once per format and precision, for the whole session."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from export.exported import Exported, prepare
from export.formats import FORMATS
from safelight.spec import Format, ModelFile, Precision
from tests.export import networks


@pytest.fixture(scope="session")
def exported() -> Callable[[str], Exported]:
    @cache
    def build(name: str) -> Exported:
        """A network by its name; with `networks.MAPS` at the end it has feature maps as well."""
        network, size = networks.build(name.removesuffix(networks.MAPS))
        # A temperature other than 1, as calibration gives it, keeps the division in the graph.
        spec = networks.spec_of(network, size, temperature=1.0 if "pretrained" in name else 1.25)
        return prepare(network, networks.with_maps(network, spec) if name.endswith(networks.MAPS) else spec)

    return build


@pytest.fixture(scope="session")
def written(
    exported: Callable[[str], Exported], tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str, Format, Precision], tuple[Path, ModelFile]]:
    @cache
    def write(name: str, format_name: Format, precision: Precision) -> tuple[Path, ModelFile]:
        folder = tmp_path_factory.mktemp(f"{name}-{format_name}-{precision}")
        return folder, FORMATS[format_name].write(exported(name), precision, folder)

    return write
