"""Loss and accuracy as TensorBoard shows them, on request: an optional extra, since TensorBoard brings a server along.

As Keras lays them out: a sub-folder each for training and validation with the same tags, so that both are drawn in one chart.
"""

from __future__ import annotations

import importlib.util
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from safelight.errors import UsageError
from train.fit import Point

INSTALL = "pip install 'safelight[tensorboard]'"
SIDES = ("train", "validation")


@contextmanager
def logging(folder: Path | None) -> Iterator[Callable[[Point], None]]:
    """What to tell each point to; nothing is written where `folder` is None.

    The log is whole after every point, and takes the place of an earlier one in the same folder. Raises UsageError
    where TensorBoard isn't installed or the folder can't be written.
    """
    if folder is None:
        yield lambda point: None
        return
    require()
    from torch.utils.tensorboard import SummaryWriter

    with ExitStack() as stack:
        try:  # purge_step: TensorBoard forgets what earlier files of the folder say from that step on
            writers = {side: stack.enter_context(closing(SummaryWriter(str(folder / side), purge_step=0))) for side in SIDES}
        except OSError as error:
            raise UsageError(f"{folder} can't be written: {error.strerror or error}. Choose another --tensorboard.") from error
        steps: Counter[str] = Counter()  # of a phase; the head's start again with each weight decay

        def write(point: Point) -> None:
            steps[point.phase] += 1
            for side, writer in writers.items():
                for what in ("loss", "accuracy"):
                    writer.add_scalar(f"{point.phase}/{what}", getattr(point, f"{side}_{what}"), steps[point.phase])
                writer.flush()

        yield write


def require() -> None:
    """Raise UsageError, with the command that helps, where the extra isn't installed."""
    if importlib.util.find_spec("tensorboard") is None:
        raise UsageError(
            f"--tensorboard needs TensorBoard, which isn't installed. Run: {INSTALL}, or leave it out: report.html has the same curves."
        )
