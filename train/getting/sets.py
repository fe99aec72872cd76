"""The photo sets that `safelight fetch` knows: where they are, what they weigh, what they must be, on what terms.

A set is here only if its SHA-256 is public knowledge; the source of each stands beside it.
"""

from __future__ import annotations

from dataclasses import dataclass

from train.getting.download import File
from train.getting.unpack import Layout


@dataclass(frozen=True)
class PhotoSet:
    """A published set."""

    title: str
    files: tuple[File, ...]
    origin: str  # the page or paper that tells of it
    licence: str
    layout: Layout | None = None  # of its archive; None: the files are used as they are, or `cifar` says so
    is_cifar: bool = False
    recipe: str = "features"

    @property
    def bytes(self) -> int:
        """To download."""
        return sum(file.bytes for file in self.files)


_MNIST = "https://storage.googleapis.com/cvdf-datasets/mnist/"

SETS: dict[str, PhotoSet] = {
    "flowers": PhotoSet(
        "3,670 photos of daisies, dandelions, roses, sunflowers and tulips",
        (
            File(  # SHA-256: TensorFlow Datasets' checksums of tf_flowers
                "https://storage.googleapis.com/download.tensorflow.org/example_images/flower_photos.tgz",
                228_813_984,
                "4c54ace7911aaffe13a365c34f650e71dd5bf1be0a58b464e5a7183e3e595d9c",
                "flower_photos.tgz",
            ),
        ),
        "https://www.tensorflow.org/datasets/catalog/tf_flowers",
        "CC BY 2.0; LICENSE.txt names the photographers, who must be credited",
        Layout("flower_photos", ("flower_photos/LICENSE.txt",)),
    ),
    "cats-dogs": PhotoSet(
        "25,000 photos of cats and dogs, some of them broken (the Asirra set, whole)",
        (
            File(  # SHA-256: GoMLX's example of this set; size: the server's, as many notebooks show it
                "https://download.microsoft.com/download/3/E/1/3E1C3F21-ECDB-4869-8368-6DEBA77B919F/kagglecatsanddogs_5340.zip",
                824_887_076,
                "b7974bd00a84a99921f36ee4403f089853777b5ae8d151c76a86e64900334af9",
                "kagglecatsanddogs_5340.zip",
            ),
        ),
        "https://www.microsoft.com/en-us/download/details.aspx?id=54765",
        "CDLA-Permissive-2.0, the text of which comes with the photos",
        Layout("PetImages", ("CDLA-Permissive-2.0.pdf", "readme[1].txt")),
    ),
    "mnist": PhotoSet(
        "70,000 handwritten digits",
        tuple(  # SHA-256: TensorFlow Datasets' checksums of mnist
            File(f"{_MNIST}{name}", size, sha256, name)
            for name, size, sha256 in (
                ("train-images-idx3-ubyte.gz", 9_912_422, "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"),
                ("train-labels-idx1-ubyte.gz", 28_881, "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"),
                ("t10k-images-idx3-ubyte.gz", 1_648_877, "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"),
                ("t10k-labels-idx1-ubyte.gz", 4_542, "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"),
            )
        ),
        "http://yann.lecun.com/exdb/mnist/",
        "CC BY-SA 3.0 (Yann LeCun, Corinna Cortes)",
        recipe="mnist",
    ),
    "cifar10": PhotoSet(
        "60,000 photos of 32 × 32 pixels in ten classes",
        (
            File(  # SHA-256: TensorFlow Datasets' checksums of cifar10
                "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
                170_052_171,
                "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
                "cifar-10-binary.tar.gz",
            ),
        ),
        "https://www.cs.toronto.edu/~kriz/cifar.html",
        "none stated; whoever uses it is asked to cite Krizhevsky, Learning Multiple Layers of Features from Tiny Images, 2009",
        is_cifar=True,
        recipe="cifar",
    ),
}
