"""What is deployed: valid against Kubernetes' own schemas, contained, and in step with the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
from ruamel.yaml import YAML
from typer.main import get_command

from bot.cli import app
from bot.config.settings import Settings
from bot.web.app import HEALTH

ROOT = Path(__file__).parents[2]
KUBERNETES = ROOT / "deploy" / "kubernetes"
VERSIONS = ("1.31", "1.37")
"""The oldest that the manifests are for, and the newest that is known."""


UNFOLDED = 1.7
"""How many times a model's file what is unfolded from it takes, at most: 98 MB of 62."""


def loaded(path: Path) -> list[dict[str, Any]]:
    return list(YAML(typ="safe").load_all(path))


def manifests() -> list[dict[str, Any]]:
    files = loaded(KUBERNETES / "kustomization.yaml")[0]["resources"]
    return [document for name in files for document in loaded(KUBERNETES / name)]


def deployments() -> dict[str, dict[str, Any]]:
    """Return each deployment by what it is a component of."""
    found = [document for document in manifests() if document["kind"] == "Deployment"]
    return {document["metadata"]["labels"]["app.kubernetes.io/component"]: document for document in found}


def pods() -> list[dict[str, Any]]:
    return [document["spec"]["template"]["spec"] for document in deployments().values()]


def containers() -> list[dict[str, Any]]:
    return [container for pod in pods() for container in (*pod["initContainers"], *pod["containers"])]


def services() -> dict[str, dict[str, Any]]:
    return loaded(ROOT / "compose.yaml")[0]["services"]


def ours() -> dict[str, dict[str, Any]]:
    return {name: service for name, service in services().items() if service.get("image") == "walkback"}


@pytest.mark.parametrize("version", VERSIONS)
def test_every_manifest_is_valid_against_the_schemas_of_kubernetes(version: str) -> None:
    for document in manifests():
        assert kubernetes_validate.validate(document, version, strict=True) == version


def test_the_schemas_refuse_what_is_misspelt() -> None:
    document = deployments()["worker"]
    document["spec"]["template"]["spec"]["containers"][0]["livenesProbe"] = {}
    with pytest.raises(kubernetes_validate.ValidationError, match="livenesProbe"):
        kubernetes_validate.validate(document, VERSIONS[1], strict=True)


def test_every_file_is_among_the_resources() -> None:
    files = {path.name for path in KUBERNETES.glob("*.yaml")}
    assert files == {"kustomization.yaml", *loaded(KUBERNETES / "kustomization.yaml")[0]["resources"]}


def test_pods_run_without_root_privileges_or_a_writable_image() -> None:
    for pod in pods():
        assert pod["automountServiceAccountToken"] is False
        assert (pod["securityContext"]["runAsNonRoot"], pod["securityContext"]["runAsUser"]) == (True, 10001)
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    for container in containers():
        context = container["securityContext"]
        assert (context["allowPrivilegeEscalation"], context["readOnlyRootFilesystem"]) == (False, True)
        assert context["capabilities"] == {"drop": ["ALL"]}
        assert {"cpu", "memory"} <= set(container["resources"]["requests"])
        assert "memory" in container["resources"]["limits"]


def test_secrets_are_referred_to_and_settings_are_known() -> None:
    known = {f"WALKBACK_{name.upper()}" for name in Settings.model_fields}
    for container in containers():
        names = {variable["name"]: variable for variable in container["env"]}
        assert set(names) <= known
        for secret in ("WALKBACK_DATABASE_URL", "WALKBACK_SLACK_TOKEN", "WALKBACK_SLACK_APP_TOKEN"):
            assert "value" not in names[secret]
            assert names[secret]["valueFrom"]["secretKeyRef"]["name"] == "walkback"
    assert not any(document["kind"] == "Secret" for document in manifests())


def test_labels_select_what_they_are_meant_to() -> None:
    labels = {name: document["spec"]["template"]["metadata"]["labels"] for name, document in deployments().items()}
    selected = []
    for document in manifests():
        spec = document["spec"]
        wanted = (spec.get("podSelector") or spec["selector"])["matchLabels"].items()
        selected.append((document["kind"], {name for name, each in labels.items() if wanted <= each.items()}))
    assert sorted(selected, key=lambda one: (one[0], sorted(one[1]))) == [
        ("Deployment", {"desk"}),
        ("Deployment", {"worker"}),
        ("NetworkPolicy", {"desk", "worker"}),
        ("PodDisruptionBudget", {"worker"}),
    ]


def test_there_is_one_desk_and_never_a_second_beside_it() -> None:
    spec = deployments()["desk"]["spec"]
    assert (spec["replicas"], spec["strategy"]) == (1, {"type": "Recreate"})
    assert spec["template"]["spec"]["containers"][0]["args"] == ["desk"]


def test_data_has_room_for_a_new_model_beside_the_old_one_as_they_are_unfolded() -> None:
    model = (ROOT / "models" / "encoder" / "model.onnx").stat().st_size
    for pod in pods():
        (data,) = (volume["emptyDir"] for volume in pod["volumes"] if volume["name"] == "data")
        assert data["sizeLimit"].endswith("Mi")
        room = int(data["sizeLimit"].removesuffix("Mi")) * 1024**2
        assert room > 2 * UNFOLDED * model


def test_nothing_comes_in_but_for_the_metrics_and_private_networks_are_out_of_reach_of_the_web_rule() -> None:
    (policy,) = (document["spec"] for document in manifests() if document["kind"] == "NetworkPolicy")
    assert policy["policyTypes"] == ["Ingress", "Egress"]
    (scraping,) = policy["ingress"]
    assert [port["port"] for port in scraping["ports"]] == [8080]
    assert [set(source) for source in scraping["from"]] == [{"namespaceSelector"}]
    (web,) = (rule for rule in policy["egress"] if {port["port"] for port in rule["ports"]} == {80, 443})
    assert {"10.0.0.0/8", "169.254.0.0/16", "192.168.0.0/16"} <= set(web["to"][0]["ipBlock"]["except"])


def test_what_is_started_is_a_command() -> None:
    started = {container["args"][0] for container in containers()}
    started |= {service["command"][0] for service in ours().values() if "command" in service}
    assert started == {"db", "desk", "worker"}
    assert started <= set(get_command(app).commands)


@pytest.mark.parametrize("component", ["worker", "desk"])
def test_probes_ask_what_a_process_answers_where_it_listens(component: str) -> None:
    (process,) = deployments()[component]["spec"]["template"]["spec"]["containers"]
    environment = {variable["name"]: variable.get("value") for variable in process["env"]}
    (port,) = process["ports"]
    assert (environment["WALKBACK_WEB_PORT"], environment["WALKBACK_WEB_BIND"]) == (
        str(port["containerPort"]),
        "0.0.0.0",
    )
    probes = {name: probe["httpGet"] for name, probe in process.items() if name.endswith("Probe")}
    assert {name: probe["path"] for name, probe in probes.items()} == {
        "startupProbe": "/healthz", "livenessProbe": "/healthz", "readinessProbe": "/readyz"
    }  # fmt: skip
    assert {probe["port"] for probe in probes.values()} == {port["name"]}
    assert {probe["path"] for probe in probes.values()} <= {route.path for route in HEALTH}


def test_every_service_of_ours_in_compose_is_as_contained_as_the_first() -> None:
    assert set(ours()) == {"bot", "desk", "upgrade", "worker"}
    for service in ours().values():
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]


def test_plain_compose_starts_the_one_bot_and_the_profile_the_workers() -> None:
    by_profile = {name: service.get("profiles", []) for name, service in services().items()}
    assert by_profile == {
        "bot": [], "desk": ["desk"], "postgres": ["workers", "desk"], "upgrade": ["workers", "desk"], "worker": ["workers"]
    }  # fmt: skip
    for name in ("worker", "desk"):
        assert services()[name]["depends_on"]["upgrade"]["condition"] == "service_completed_successfully"
    assert "ports" not in services()["postgres"]
