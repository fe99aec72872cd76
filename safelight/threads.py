"""How many threads torch computes with: sums are split by them, and rounded so."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def threads_kept() -> Iterator[None]:
    """Run the block, which may choose a number of threads; that of before is put back afterwards."""
    before = torch.get_num_threads()
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def one_thread() -> Iterator[None]:
    """Run the block, or the decorated function, with one intra-op thread; the number is put back afterwards."""
    with threads_kept():
        torch.set_num_threads(1)
        yield
