"""A lean start: a process that only answers does not load what Rasa needs for training.

A server answers first after 3.6 s and holds 393 MB under load; stock Rasa without deep nets takes
10.5 s and 608 MB, with them 32.6 s and 1,212 MB (2 cores, docs/benchmarks.md).
"""

from __future__ import annotations

import ctypes
import gc
import os
import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import LazyLoader
from types import ModuleType
from typing import Optional

# Imported with Rasa's agent, used by training and by Rasa's own server. They lead to TensorFlow and
# matplotlib. Left for the moment when something in them is first asked for, which never comes.
_LATER = (
    "rasa.core.test",
    "rasa.server",
    "rasa.utils.tensorflow.model_data_utils",
    "rasa.utils.train_utils",
)

# What is taken from these by name, and never used: the arrangement of data for deep nets (which
# needs scikit-learn), a planner for graphs (InSequence needs none), Rasa's own reminders, databases
# and channels that this project does not have, a check before training, spaCy's command line.
# 90 MB and two seconds.
_HOLLOW = (
    "boto3",
    "boto3.dynamodb.conditions",
    "dask",
    "pymongo",
    "pymongo.collection",
    "rasa.core.channels.botframework",
    "rasa.core.channels.callback",
    "rasa.core.channels.console",
    "rasa.core.channels.facebook",
    "rasa.core.channels.hangouts",
    "rasa.core.channels.mattermost",
    "rasa.core.channels.rasa_chat",
    "rasa.core.channels.rocketchat",
    "rasa.core.channels.slack",
    "rasa.core.channels.socketio",
    "rasa.core.channels.telegram",
    "rasa.core.channels.twilio",
    "rasa.core.channels.twilio_voice",
    "rasa.core.channels.webexteams",
    "rasa.core.jobs",
    "rasa.graph_components.validators.default_recipe_validator",
    "rasa.utils.tensorflow.model_data",
    "spacy.cli",
    "spacy.cli.info",
)

_DEEP_NETS = {
    "rasa.core.policies.ted_policy": "TEDPolicy",
    "rasa.core.policies.unexpected_intent_policy": "UnexpecTEDIntentPolicy",
    "rasa.nlu.classifiers.diet_classifier": "DIETClassifier",
    "rasa.nlu.featurizers.dense_featurizer.convert_featurizer": "ConveRTFeaturizer",
    "rasa.nlu.featurizers.dense_featurizer.lm_featurizer": "LanguageModelFeaturizer",
    "rasa.nlu.selectors.response_selector": "ResponseSelector",
}


class _Hollow(ModuleType):
    """A module of which every name is an empty class."""

    __path__: list[str] = []

    def __getattr__(self, name: str) -> type:
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (), {"name": classmethod(lambda cls: cls.__name__)})


class DeepNetsRefused(RuntimeError):
    """The model has a component that needs TensorFlow."""


class _LeanFinder(MetaPathFinder):
    def find_spec(
        self,
        fullname: str,
        path: Optional[Sequence[str]],
        target: Optional[ModuleType] = None,
    ) -> Optional[ModuleSpec]:
        if fullname in _DEEP_NETS:
            raise DeepNetsRefused(
                f"The model was trained with {_DEEP_NETS[fullname]}, which needs TensorFlow, and "
                "this process does not load it. Take it out of config.yml and run `make train`."
            )
        if fullname not in _LATER:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        assert spec is not None and spec.loader is not None, "Rasa 3.6 has these modules"
        spec.loader = LazyLoader(spec.loader)
        return spec


def give_back_memory() -> None:
    """Gives the system what loading a model needed for a moment: some 80 MB.

    The C library (glibc) would keep it; others have no such call and need none.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


def keep_for_good() -> None:
    """Spares what is loaded by now from Python's search for rubbish.

    Through 240,000 objects it takes 100 to 200 ms, in which nobody is answered.
    """
    gc.collect()
    gc.freeze()


def start_lean() -> None:
    """Prepares this process for answering; called before Rasa is imported, never for training."""
    # Arrays of one message are too small to share: a second thread of numpy's only waits, busily.
    # 28 ms of processor time a message instead of 56.
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    sys.meta_path.insert(0, _LeanFinder())
    # spaCy's numeric library takes these along wherever they are installed.
    sys.modules["tensorflow"] = sys.modules["h5py"] = None  # type: ignore[assignment]
    sys.modules.update((name, _Hollow(name)) for name in _HOLLOW)
