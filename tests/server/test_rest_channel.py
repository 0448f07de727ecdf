"""The connector for a clinic's own programs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.schemas import BaseSchema

from tests.server.conftest import Server

pytestmark = pytest.mark.server

TOKEN = "a token of thirty-two characters, or more"
QUESTION = {"sender": "ward-7", "message": "Is it for life?"}


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("rest"), COMPANION_REST_TOKEN=TOKEN)
    try:
        server.wait()
        yield server
    finally:
        server.stop()


def post(server: Server, body: Any, token: str = TOKEN) -> requests.Response:
    url, headers = f"{server.url}/webhooks/rest/webhook", {"Authorization": f"Bearer {token}"}
    return requests.post(url, json=body, headers=headers, timeout=30)


def test_it_is_off_by_default(server: Server) -> None:
    assert post(server, QUESTION).status_code == 404


def test_with_the_token_a_question_is_answered(guarded: Server) -> None:
    (reply,) = post(guarded, QUESTION).json()
    assert reply["recipient_id"] == "ward-7"
    assert "prevention.lifelong_supplement" in reply["statements"]
    assert "\n\n" in reply["text"]  # in one piece


@pytest.mark.parametrize("token", ["", "wrong", TOKEN[:-1]])
def test_without_the_token_nothing_is_answered(guarded: Server, token: str) -> None:
    assert post(guarded, QUESTION, token).status_code == 401


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        {},
        {"sender": "x"},
        {"message": "x"},
        {"sender": 1, "message": "x"},
        {"sender": "x", "message": " "},
        {"sender": "x" * 65, "message": "x"},
    ],
)
def test_what_cannot_be_read_is_refused_with_a_sentence(guarded: Server, body: Any) -> None:
    refused = post(guarded, body)
    assert refused.status_code == 400
    assert refused.json()["error"].endswith(".")


def test_the_same_id_is_one_turn(guarded: Server) -> None:
    body = {"sender": "ward-8", "message": "Is it for life?", "message_id": "m-1"}
    assert post(guarded, body).json() == post(guarded, body).json()


def test_the_description_is_off_with_the_connector(server: Server) -> None:
    address = f"{server.url}/webhooks/rest/openapi.json"
    assert requests.get(address, timeout=10).status_code == 404


@pytest.fixture
def described(guarded: Server) -> BaseSchema:
    refusals = {"negative_data_rejection": {"expected-statuses": [400, 401, 413]}}
    config = schemathesis.Config.from_dict({"checks": refusals})
    address = f"{guarded.url}/webhooks/rest/openapi.json"
    return schemathesis.openapi.from_url(address, config=config)


@schemathesis.pytest.from_fixture("described").parametrize()
@settings(
    max_examples=25,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
def test_the_connector_is_as_described(case: schemathesis.Case) -> None:
    case.call_and_validate(headers={"Authorization": f"Bearer {TOKEN}"}, timeout=60)
