"""The API: everything in JSON, exact, and as its description says."""

import json
import re
from datetime import datetime
from decimal import Decimal

import jsonschema_rs
import pytest

from pipelines.monitor.api import ENDPOINTS
from pipelines.monitor.openapi import openapi
from pipelines.rules.models import MODELS
from tests.monitor.snapshots import empty_snapshot, snapshot

ASKED = {
    "/api/campaigns/{campaign_id:path}": "/api/campaigns/spring",
    "/api/orders/{order_id:path}": "/api/orders/o-00001",
}
PATHS = [(endpoint, ASKED.get(endpoint.path, endpoint.path)) for endpoint in ENDPOINTS]


@pytest.fixture(scope="module")
def document():
    return json.loads(json.dumps(openapi()))


def validator(document, schema):
    return jsonschema_rs.Draft202012Validator({**schema, "components": document["components"]})


@pytest.mark.parametrize(("endpoint", "path"), PATHS, ids=[path for _, path in PATHS])
def test_an_answer_is_as_the_description_says(client, watched, document, endpoint, path):
    told = document["paths"][endpoint.path.replace(":path", "")]["get"]["responses"]
    schema = validator(document, told["200"]["content"]["application/json"]["schema"])
    schema.validate(client.get(path).json())
    watched.snapshot = empty_snapshot()
    answer = client.get(path)
    status = str(answer.status_code)
    validator(document, told[status]["content"]["application/json"]["schema"]).validate(answer.json())


@pytest.mark.parametrize(("endpoint", "path"), PATHS, ids=[path for _, path in PATHS])
def test_each_described_parameter_is_taken_and_no_other(client, document, endpoint, path):
    parameters = document["paths"][endpoint.path.replace(":path", "")]["get"]["parameters"]
    values = {"campaign": "spring", "page": "1", "since": "2026-01-01T00:00:00Z", "until": "2026-12-01T00:00:00Z"}
    for parameter in (one for one in parameters if one["in"] == "query"):
        value = values.get(parameter["name"], parameter["schema"].get("enum", ["x"])[0])
        assert client.get(path, params={parameter["name"]: value}).status_code == 200
    assert client.get(path, params={"colour": "red"}).status_code == 400


def test_the_description_is_served_and_names_every_route_of_the_api(client, document):
    assert client.get("/api/openapi.json").json() == document
    served = {route.path for route in client.app.routes if route.path.startswith("/api/")} - {"/api/openapi.json"}
    assert {path.replace(":path", "") for path in served} == set(document["paths"])


def test_every_reference_of_the_description_leads_somewhere(document):
    names = set(re.findall(r'"\$ref": "#/components/schemas/([^"]+)"', json.dumps(document)))
    assert names
    assert names <= set(document["components"]["schemas"])


def test_amounts_are_exact_texts_and_instants_have_a_zone(client):
    told = client.get("/api/influencers", params={"campaign": "spring"}).json()
    assert [Decimal(row["net_revenue"]) for row in told["rows"]] == sorted(
        (row.net_revenue for row in snapshot().campaigns[1].influencers["policy"]), reverse=True
    )
    assert isinstance(told["rows"][0]["net_revenue"], str)
    honesty = client.get("/api/honesty").json()
    assert datetime.fromisoformat(honesty["honesty"]["as_of"]) == snapshot().honesty.as_of


@pytest.mark.parametrize("model", MODELS)
def test_the_parts_of_the_sum_are_told_with_the_rows(client, model):
    told = client.get("/api/influencers", params={"campaign": "spring", "model": model, "tier": "mid"}).json()
    assert told["adds_up"] is True
    parts = [Decimal(told[name]) for name in ("credited", "elsewhere", "unattributed")]
    assert sum(parts) == Decimal(told["total"])


def test_the_whole_snapshot_is_told_at_once(client):
    told = client.get("/api/snapshot").json()
    assert [one["campaign_id"] for one in told["campaigns"]] == [None, "spring", "run"]
    assert set(told["campaigns"][0]["influencers"]) == set(MODELS)
    assert [one["since"] for one in told["signals"]] == ["2026-03-20T13:00:05Z"] * 3
    assert told["stream"]["state"] == "alive"
