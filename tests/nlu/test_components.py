"""The pipeline's parts, each by itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

pytestmark = pytest.mark.model  # imports Rasa


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("will the siezures stop", "will the seizures stop"),
        ("hydroxocobalimin dose", "hydroxocobalamin dose"),
        ("my baby is flopy", "my baby is floppy"),
        ("how often is the injektion", "how often is the injection"),
    ],
)
def test_typing_errors_are_mended(typed: str, meant: str) -> None:
    from bot.nlu.spelling import Speller, english_words

    words = dict.fromkeys(["seizures", "hydroxocobalamin", "floppy", "injection"], 10)
    assert Speller(words, english_words()).correct(typed) == meant


@pytest.mark.parametrize(
    "text", ["form from", "The weather in Paris", "b12", "ok", "niño", "x" * 500]
)
def test_right_and_foreign_words_stay(text: str) -> None:
    from bot.nlu.spelling import Speller, english_words

    words = {"from": 9, "whether": 9, "seizures": 9}
    assert Speller(words, english_words()).correct(text) == text


def test_the_encoder_puts_the_same_meaning_close(tmp_path: Path) -> None:
    from bot.nlu.encoder import Encoder, pack
    from bot.nlu.published import QUICK_SHA256, quick_folder, read_folder

    pack(read_folder(quick_folder(), QUICK_SHA256), tmp_path)
    encoder = Encoder(tmp_path, max_tokens=64)
    texts = [
        "How often are the injections given?",
        "How frequently does she get the shots?",
        "What is the weather like in Paris today?",
    ]
    vectors, _ = encoder.encode(texts)
    assert vectors.shape == (3, 384)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)
    assert vectors[0] @ vectors[1] > 0.6
    assert vectors[0] @ vectors[2] < 0.2
    # A text's vector does not depend on its company.
    assert np.allclose(encoder.encode(texts[:1])[0][0], vectors[0], atol=1e-5)
    # The quick way for training gives the same vectors, so that each training gives the same model.
    assert np.allclose(encoder.encode_many(texts), vectors, atol=1e-5)


def test_the_short_encoder_stays_near_the_published_one(tmp_path: Path) -> None:
    from bot.nlu.encoder import Encoder, pack
    from bot.nlu.published import QUICK_SHA256, quick_folder, read_folder
    from bot.nlu.short_encoder import shortened
    from tests.nlu.question_sets import read_set

    published = read_folder(quick_folder(), QUICK_SHA256)
    short = shortened(published, QUICK_SHA256, Path("encoder/upper.npz"))
    encoders = []
    for name, made_of in {"whole": published, "short": short}.items():
        pack(made_of, tmp_path / name)
        encoders.append(Encoder(tmp_path / name, max_tokens=64))
    texts = [message["text"] for message in read_set("held_out", "in_scope")]
    whole, short_ones = (encoder.encode_many(texts) for encoder in encoders)
    cosines = (whole * short_ones).sum(axis=1)
    assert cosines.mean() > 0.9
    # The look-out goes on from both alike.
    states = [encoder.encode(texts[:1])[1][0] for encoder in encoders]
    assert np.array_equal(*states)


def test_a_layer_of_another_encoder_is_refused(tmp_path: Path) -> None:
    from bot.nlu.published import QUICK_SHA256, Published
    from bot.nlu.short_encoder import save, shortened

    other = Published({}, {"num_hidden_layers": 6}, "")
    save(
        {"encoder.layer.2.output.dense.bias": np.zeros(3, np.float32)}, "0" * 64, tmp_path / "x.npz"
    )
    with pytest.raises(ValueError, match="make encoder"):
        shortened(other, QUICK_SHA256, tmp_path / "x.npz")


def test_words_in_8_bits_on_disk_are_those_of_the_table(tmp_path: Path) -> None:
    from bot.nlu.word_table import WordTable, small_words

    table = np.random.default_rng(0).normal(size=(50, 8)).astype(np.float32)
    WordTable.write(table, tmp_path / "words.bin")
    words = WordTable(tmp_path / "words.bin", size=8)
    small = small_words(table)
    for asked in ([3], [49, 0, 49], range(50)):
        found = words.rows(asked)
        assert found.shape == (len(asked), 8)
        meant = (found.astype(np.float32) - small.zero) * small.scale
        assert np.abs(meant - table[list(asked)]).max() <= small.scale


def test_rasas_own_components_get_our_sparse_features_as_a_matrix() -> None:
    from scipy.sparse import csr_matrix

    from bot.nlu.sentence_features import SentenceFeatures, SparseRow

    row = SparseRow(np.array([0.6, 0.8], np.float32), np.array([1, 3], np.int32), 5)
    features = SentenceFeatures(row, "tfidf")
    assert features.is_sparse()
    assert isinstance(features.features, csr_matrix)
    assert np.allclose(features.features.toarray(), [[0, 0.6, 0, 0.8, 0]])


def test_foreign_weights_are_refused() -> None:
    from bot.nlu.published import quick_folder, read_folder

    with pytest.raises(ValueError, match="make install"):
        read_folder(quick_folder(), sha256="0" * 64)


def test_near_tokens_have_a_distance_each_and_far_ones_share() -> None:
    from bot.nlu.published import distance_buckets

    rows = distance_buckets(200, 32)
    assert rows[0, :8].tolist() == [0, *range(17, 24)]  # the next seven, each by itself
    assert rows[7, :8].tolist() == [7, 6, 5, 4, 3, 2, 1, 0]  # and the seven before
    assert rows[0, 100] == rows[0, 110] == 31
    assert rows[199, 0] == 15


def test_the_gate_tells_known_from_foreign() -> None:
    from bot.nlu.scope import Gate, Signs, choose_answer_threshold, fit_weights

    rng = np.random.default_rng(0)
    known = np.arange(400) < 200
    signs = Signs(
        best=np.full(400, 0.5),
        beyond=np.where(known, 0.1, 0.8),
        near_known=np.where(known, 0.8, 0.5) + rng.normal(0, 0.05, 400),
        near_beyond=np.where(known, 0.5, 0.8) + rng.normal(0, 0.05, 400),
    )
    gate = Gate(fit_weights(signs, known))
    scores = gate.scores(signs)
    threshold = choose_answer_threshold(scores, known, known)
    assert (scores[known] >= threshold).mean() > 0.97
    assert (scores[~known] >= threshold).mean() < 0.03


def test_neighbours_know_their_class() -> None:
    from bot.nlu.neighbours import Neighbours

    vectors = np.eye(4, dtype=np.float32)
    nearest, mean = Neighbours(**Neighbours.of(vectors, np.array([1, 0, 1, 0]))).cosines(
        vectors[:1]
    )
    assert nearest == pytest.approx(np.array([[0.0, 1.0]]), abs=0.01)
    assert mean == pytest.approx(np.array([[0.0, 0.5]]), abs=0.01)


def test_neighbours_in_eight_bits_are_nearly_those_of_a_search_through_all() -> None:
    from bot.nlu.neighbours import Neighbours

    rng = np.random.default_rng(0)
    classes = np.repeat([0, 1, 2], [1, 2, 400])
    vectors = rng.normal(size=(len(classes), 64)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    asked = vectors[::100]
    nearest, mean = Neighbours(**Neighbours.of(vectors, classes)).cosines(asked)
    for number in (0, 1, 2):
        cosines = np.sort(asked @ vectors[classes == number].T, axis=1)[:, -3:]
        assert nearest[:, number] == pytest.approx(cosines[:, -1], abs=0.02)
        assert (mean[:, number] <= cosines.mean(axis=1) + 0.02).all()
        # Of each eighth the nearest: two of the three nearest may stand in one.
        assert mean[:, number] == pytest.approx(cosines.mean(axis=1), abs=0.1)


@pytest.mark.parametrize("longest", [1, 2, 4])
@settings(deadline=None)
@given(text=st.text())
@example(text="B12 Où es-tu?  a\u0301  x")
def test_runs_are_those_of_scikit_learn(text: str, longest: int) -> None:
    from sklearn.feature_extraction.text import TfidfVectorizer

    from bot.nlu.runs import character_runs, word_runs

    def analyzer(kind: str) -> Any:
        return TfidfVectorizer(
            analyzer=kind,
            ngram_range=(1, longest),
            strip_accents="unicode",
            token_pattern=r"(?u)\b\w+\b",
        ).build_analyzer()

    assert sorted(character_runs(text, longest)) == sorted(analyzer("char_wb")(text))
    assert word_runs(text, longest) == analyzer("word")(text)
