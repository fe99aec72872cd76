"""Photographs that come with the install (scikit-image's), so that these tests need neither network nor downloads."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from safelight.spec import DEFAULT_BANDS, InputSpec, Label, ModelSpec, OutputSpec, Provenance, Spec

GOLDEN = Path(__file__).parent.parent / "golden"


def make_spec(**changes: Any) -> Spec:
    """A small valid run's spec with some fields changed."""
    parts: dict[str, Any] = {
        "name": "pets",
        "labels": (Label(id="cat", names={"en": "a cat", "de": "eine Katze"}), Label(id="dog", names={"en": "a dog"})),
        "input": InputSpec(size=224, resize_to=256),
        "output": OutputSpec(bands=DEFAULT_BANDS),
        "model": ModelSpec(architecture="efficientnet_lite0", parameters=4_652_008, heatmap=(7, 7)),
        "provenance": Provenance(source="trained"),
    }
    return Spec(**(parts | changes))


@pytest.fixture(scope="session")
def coffee() -> NDArray[np.uint8]:
    """A cup of coffee, RGB uint8 [400,600,3]."""
    from skimage import data

    return np.asarray(data.coffee())


@pytest.fixture(scope="session")
def cat() -> NDArray[np.uint8]:
    """A cat, RGB uint8 [300,451,3]."""
    from skimage import data

    return np.asarray(data.cat())
