"""Photos in shards: plain tar files in WebDataset's layout, which training reads in place, nothing unpacked.

A sample is `KEY.jpg` (or another suffix of photos) followed by `KEY.cls`, the class' number as text. WebDataset ends a
key at the first dot of its last part, so the dots of a name are escaped: `cats/cat.1.jpg` lies there as
`cats/cat%2E1%2Ejpg.jpg`. A shard's name begins with its split, `train-00000.tar`, or with `photos`, where the split is
ours to cut. `shards.json` names classes and shards; without it, as in shards of other makers, the labels are the texts
of the `.cls` members.
"""

from __future__ import annotations

from train.shards.index import INDEX_NAME
from train.shards.read import is_shards, read_span, survey

__all__ = ["INDEX_NAME", "is_shards", "read_span", "survey"]
