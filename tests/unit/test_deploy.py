"""What is in deploy/ can be read, agrees with the settings, and hides no secret."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from bot.settings import Settings
from tests.conftest import ROOT

DEPLOY = ROOT / "deploy"


def _read(name: str) -> list[Any]:
    # Not ruamel.yaml: once Rasa is loaded, that puts the environment's values in.
    return list(yaml.safe_load_all((DEPLOY / name).read_text(encoding="utf-8")))


@pytest.mark.parametrize("name", ["compose.yml", "kubernetes/companion.yaml"])
def test_every_setting_that_is_set_is_one(name: str) -> None:
    named = set(re.findall(r"\bCOMPANION_\w+", (DEPLOY / name).read_text(encoding="utf-8")))
    assert named <= {f"COMPANION_{field.upper()}" for field in Settings.__fields__}
    assert {"COMPANION_DATABASE", "COMPANION_SESSION_KEY", "COMPANION_PROXIES"} <= named


def test_kubernetes_has_probes_limits_and_secrets() -> None:
    deployment, service, _ = _read("kubernetes/companion.yaml")
    pod = deployment["spec"]["template"]
    (container,) = pod["spec"]["containers"]
    assert deployment["spec"]["replicas"] >= 2
    assert container["readinessProbe"]["httpGet"]["path"] == "/health"
    assert container["livenessProbe"]["httpGet"]["path"] == "/live"
    assert set(container["resources"]["limits"]) == {"cpu", "memory"}
    for variable in container["env"][:2]:
        assert variable["valueFrom"]["secretKeyRef"]["name"] == "companion"
    assert service["spec"]["selector"] == pod["metadata"]["labels"]


def test_compose_has_two_servers_on_postgresql_and_no_secret_of_its_own() -> None:
    (compose,) = _read("compose.yml")
    server = compose["services"]["server-1"]
    assert compose["services"]["server-2"] == server
    assert server["environment"]["COMPANION_DATABASE"].startswith("postgresql://")
    for value in (
        server["environment"]["COMPANION_SESSION_KEY"],
        compose["services"]["database"]["environment"]["POSTGRES_PASSWORD"],
    ):
        assert re.fullmatch(r"\$\{\w+:\?[^}]+\}", value)


def test_compose_finds_the_servers_that_nginx_documents() -> None:
    (compose,) = _read("compose.yml")
    site = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
    script = compose["services"]["proxy"]["command"][-1]
    for old, new in re.findall(r"-e s/([\w.:]+)/([\w:-]+)/", script):
        assert f"server {old};" in site
        assert new.split(":")[0] in compose["services"]
