"""docker-compose.yml, Dockerfile and the proxy's configuration, without a container engine (S31)."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import compose_spec
import pytest
import yaml

from app.settings import Settings, variables
from scripts.topology.compose import ROOT, document, services
from scripts.topology.loopback import HOSTS, Topology

GIVEN = {"POSTGRES_PASSWORD": "secret", "WHYLENS_ALLOWED_HOSTS": "whylens.example.org"}
SERVICES = document(GIVEN)["services"]
OURS = {name: body for name, body in SERVICES.items() if "build" in body}
PROXY = (ROOT / "deploy" / "nginx.conf").read_text(encoding="utf-8")
IMAGE = (ROOT / "Dockerfile").read_text(encoding="utf-8")


def test_the_file_is_compose() -> None:
    compose_spec.PyCompose.from_yaml(yaml.safe_dump(document(GIVEN))).validate()


def test_the_schema_sees_a_mistake() -> None:
    wrong = document(GIVEN)
    wrong["services"]["head"]["helthcheck"] = {}
    with pytest.raises(Exception, match="helthcheck"):
        compose_spec.PyCompose.from_yaml(yaml.safe_dump(wrong)).validate()


def test_a_variable_that_must_be_given_is_asked_for() -> None:
    with pytest.raises(ValueError, match="POSTGRES_PASSWORD must be given: a password for the database"):
        document({})


@pytest.mark.parametrize("name", SERVICES)
def test_s31_no_container_can_do_more_than_it_must(name: str) -> None:
    body = SERVICES[name]
    assert body["read_only"] is True
    assert body["cap_drop"] == ["ALL"]
    assert body["security_opt"] == ["no-new-privileges:true"]
    assert body["healthcheck"].get("test") or body["restart"].startswith("on-failure")
    assert "privileged" not in body
    if name != "proxy":  # whose image is made for another user than root
        assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", body["user"])
        assert "ports" not in body
        assert body["networks"] == ["inner"]


def test_s30_images_are_pinned() -> None:
    images = [body["image"] for body in SERVICES.values()] + re.findall(r"^FROM (\S+)", IMAGE, re.M)
    assert [image for image in images if not re.search(r":\d+\.\d+(\.\d+)?(-|$)", image)] == []


def test_s31_the_image_is_not_roots() -> None:
    assert re.findall(r"^USER (.*)", IMAGE, re.M) == [OURS["web-1"]["user"]]
    assert IMAGE.index("USER") < IMAGE.index("CMD")
    copied = re.findall(r"^COPY (\S+) \1$", IMAGE, re.M)
    listed = set((ROOT / ".dockerignore").read_text(encoding="utf-8").split())
    assert {f"!{name}" for name in copied} <= listed
    assert all((ROOT / name).exists() for name in copied)


@pytest.mark.parametrize("name", OURS)
def test_every_setting_is_one_and_together_they_are_accepted(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    environment = OURS[name]["environment"]
    assert set(environment) <= set(variables())
    for variable in variables():
        monkeypatch.delenv(variable, raising=False)
    for variable, value in environment.items():
        monkeypatch.setenv(variable, value)
    settings = Settings()
    assert settings.ray_address == "head:6379"
    if name.startswith("web"):
        assert settings.guard == "header"
        assert settings.trusts(SERVICES["proxy"]["networks"]["inner"]["ipv4_address"])
        assert not settings.trusts("10.77.0.131")  # another container


def test_what_runs_on_loopback_is_what_the_file_says(tmp_path: Path) -> None:
    """The same commands and settings; only where they are differs, and it is all that differs."""
    topology = Topology(tmp_path, 9, GIVEN)
    said = document(topology.variables)["services"]
    assert set(topology.services) == set(SERVICES) == set(HOSTS)

    def there(value: str, service: str) -> str:
        for name in HOSTS:
            value = value.replace(topology.host(name), "0.0.0.0" if name == service and ":" not in value else name)
        value = value.replace(str(topology.home), "/var/lib/whylens").replace("5432/postgres", "5432/whylens")
        return value.replace("127.0.0.1", "10.77.0.2")

    for name in OURS:
        service = topology.services[name]
        assert topology.command(service)[1:] == said[name]["command"][1:]
        ours = {key: value for key, value in topology.environment(service).items() if key.startswith("WHYLENS_")}
        assert ours.pop("WHYLENS_RAY_NODE") == topology.host(name)
        assert {key: there(value, name) for key, value in ours.items()} == said[name]["environment"]


def test_who_waits_for_whom(tmp_path: Path) -> None:
    order = list(services(GIVEN))
    assert order.index("postgres") < order.index("migrate") < order.index("head") < order.index("worker")
    assert order.index("head") < order.index("web-1") < order.index("proxy")
    assert Topology(tmp_path, 9, GIVEN).postgres.settings["max_connections"] == "200"


def test_the_proxy_says_itself_what_the_application_believes() -> None:
    header = OURS["web-1"]["environment"]["WHYLENS_IDENTITY_HEADER"]
    said = {name.lower(): value for name, value in re.findall(r"proxy_set_header (\S+) (.*);", PROXY)}
    assert said[header] == "$remote_user"
    assert said["x-forwarded-for"] == "$remote_addr"  # not added to what a client sent
    assert said["x-forwarded-proto"] == "https"
    blocks = re.findall(r"location [^{]*\{([^}]*)\}", PROXY)
    assert not any("proxy_set_header" in block for block in blocks)  # one there would undo all those above


def test_the_proxy_lets_through_what_the_application_takes() -> None:
    limits: dict[str, Any] = dict(re.findall(r"(location = /api/v1/sets)[^}]*client_max_body_size (\d+)m", PROXY))
    megabytes = int(re.findall(r"client_max_body_size (\d+)m", PROXY)[0])
    settings = Settings.model_fields
    assert megabytes * 2**20 > settings["max_upload_bytes"].default
    assert int(limits["location = /api/v1/sets"]) * 2**20 > settings["max_set_bytes"].default
