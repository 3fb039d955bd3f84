"""The manifests for Kubernetes: each is what its schema says, and runs what compose runs, confined alike."""

import re

import kubernetes_validate
import pytest
import yaml

from tests.compose import OURS, ROOT

FILE = ROOT / "deploy" / "kubernetes" / "codetrail.yaml"
RESOURCES = yaml.safe_load(FILE.read_text(encoding="utf-8"))["items"]
VERSION = "1.37"


def named(resource) -> str:
    return f"{resource['kind']} {resource['metadata']['name']}"


def pod_of(resource) -> dict:
    spec = resource["spec"]
    return (spec["jobTemplate"]["spec"] if resource["kind"] == "CronJob" else spec)["template"]["spec"]


DEPLOYMENTS = {one["metadata"]["name"]: one for one in RESOURCES if one["kind"] == "Deployment"}
PODS = [one for one in RESOURCES if one["kind"] in {"Deployment", "CronJob"}]


@pytest.mark.parametrize("resource", RESOURCES, ids=named)
def test_a_resource_is_what_its_schema_says(resource):
    kubernetes_validate.validate(resource, VERSION, strict=True)
    assert resource["kind"] == "Namespace" or resource["metadata"]["namespace"] == "codetrail"


def test_the_parts_are_those_of_compose_with_the_same_commands_and_settings():
    settings = next(one for one in RESOURCES if one["kind"] == "ConfigMap")["data"]
    assert DEPLOYMENTS.keys() == OURS.keys() - {"run", "publish"}
    for name, deployment in DEPLOYMENTS.items():
        (container,) = pod_of(deployment)["containers"]
        assert container["args"] == OURS[name]["command"]
        assert container["image"] == OURS[name]["image"]
        given = settings.keys() | {one["name"] for one in container["env"]}
        assert {key.removesuffix("_FILE") for key in OURS[name]["environment"]} <= given


def test_only_one_run_has_the_lake():
    for name in ("stream", "warehouse"):
        spec = DEPLOYMENTS[name]["spec"]
        assert (spec["replicas"], spec["strategy"]["type"]) == (1, "Recreate")


@pytest.mark.parametrize("resource", PODS, ids=named)
def test_a_pod_is_confined(resource):
    pod = pod_of(resource)
    assert pod["securityContext"]["runAsNonRoot"]
    assert pod["automountServiceAccountToken"] is False
    assert "podAffinity" in pod["affinity"]  # the volume is of one node
    (container,) = pod["containers"]
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert "memory" in container["resources"]["limits"]
    mounted = {mount["name"] for mount in container["volumeMounts"]}
    assert mounted == {volume["name"] for volume in pod["volumes"]}


def test_what_is_asked_for_by_name_is_there():
    text = FILE.read_text(encoding="utf-8")
    there = {named(one) for one in RESOURCES}
    kinds = {"configMapRef": "ConfigMap", "secretKeyRef": "Secret"}
    asked = {f"{kinds[kind]} {name}" for kind, name in re.findall(r"(\w+Ref): \{name: (\w+)", text)}
    asked |= {f"PersistentVolumeClaim {name}" for name in re.findall(r"claimName: (\w+)", text)}
    assert len(asked) == 3
    assert asked <= there
    targets = re.findall(r"\"(\w+):(\d+)\"", (ROOT / "deploy" / "prometheus" / "prometheus.yml").read_text())
    services = {one["metadata"]["name"]: one["spec"]["ports"] for one in RESOURCES if one["kind"] == "Service"}
    assert {name: [int(port)] for name, port in targets} == {
        name: [port["port"] for port in ports] for name, ports in services.items()
    }
