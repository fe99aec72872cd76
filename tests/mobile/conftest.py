"""The core's builds, each made once a session: for the tests of this folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.mobile import core as cores


@pytest.fixture(scope="session")
def core(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The test program, a release build with LiteRT where its library is installed; libsafelight lies beside it."""
    library = cores.litert_library()
    options = () if library is None else ("SAFELIGHT_RUNTIME=litert", f"SAFELIGHT_RUNTIME_LIBRARY={library}")
    return cores.build(tmp_path_factory.mktemp("core"), *options) / "safelight-core"


@pytest.fixture(scope="session")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The test program without vectors."""
    return cores.build(tmp_path_factory.mktemp("plain"), "SAFELIGHT_PLAIN=ON") / "safelight-core"


@pytest.fixture(scope="session")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The test program under the address and undefined-behaviour sanitizers, without a runtime."""
    return (
        cores.build(tmp_path_factory.mktemp("watched"), "SAFELIGHT_SANITIZE=address,undefined", "CMAKE_BUILD_TYPE=Debug") / "safelight-core"
    )
