"""A QR code for the terminal."""

from __future__ import annotations

from itertools import zip_longest

QUIET = 4  # modules of light margin (ISO/IEC 18004, 5.3.8)
BLOCKS = {(True, True): "█", (True, False): "▀", (False, True): "▄", (False, False): " "}  # upper, lower module is light
# White on black by their numbers in the 256-colour palette: themes change the first 16 colours, and scanners want dark on light.
COLOURS, RESET = "\x1b[38;5;231;48;5;16m", "\x1b[0m"


def drawing(text: str) -> str:
    """`text` as a QR code, two rows of modules a line; without its colours it is right on a dark terminal."""
    import segno

    code = segno.make(text, micro=False)  # phones' cameras don't read the micro kind
    rows = [[not dark for dark in row] for row in code.matrix_iter(border=QUIET)]
    pairs = zip_longest(rows[::2], rows[1::2], fillvalue=[True] * len(rows[0]))
    return "\n".join(f"{COLOURS}{''.join(BLOCKS[pair] for pair in zip(*both, strict=True))}{RESET}" for both in pairs)
