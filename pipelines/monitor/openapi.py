"""OpenAPI: the API's description, made of its routes and of the types of their answers."""

from importlib.metadata import version
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from pipelines.monitor.answers import Problem
from pipelines.monitor.api import CHOICES, ENDPOINTS, JSON, Endpoint

REFERENCE = "#/components/schemas/{name}"
PROBLEMS = {"400": "A parameter or a value that there is not.", "404": "What is asked for does not exist.",
            "429": "Too many requests.", "503": "The lake cannot be read right now."}  # fmt: skip


def openapi() -> dict[str, Any]:
    """The document, by OpenAPI 3.1."""
    types = [*(endpoint.answers for endpoint in ENDPOINTS), Problem]
    schemas, components = msgspec.json.schema_components(types, ref_template=REFERENCE)
    *answers, problem = schemas
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Codetrail monitor",
            "version": version("codetrail"),
            "description": "What a campaign has come to, while it runs. Nothing here changes anything. Amounts are "
            "decimal strings in the reporting currency, instants RFC 3339.",
        },
        "paths": {
            endpoint.path.replace(":path", ""): {"get": _operation(endpoint, answer, problem)}
            for endpoint, answer in zip(ENDPOINTS, answers, strict=True)
        },
        "components": {"schemas": components, "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
        "security": [{}, {"token": []}],
    }


async def description(request: Request) -> Response:  # noqa: ARG001
    return Response(msgspec.json.encode(openapi()), media_type=JSON)


def _operation(endpoint: Endpoint, answer: dict[str, Any], problem: dict[str, Any]) -> dict[str, Any]:
    name = endpoint.path.removeprefix("/api/").replace("/{", "_by_").replace(":path}", "")
    return {
        "operationId": name,
        "summary": endpoint.summary,
        "parameters": _parameters(endpoint),
        "responses": {
            "200": {"description": endpoint.summary, "content": {JSON: {"schema": answer}}},
            **{
                status: {"description": sentence, "content": {JSON: {"schema": problem}}}
                for status, sentence in PROBLEMS.items()
            },
        },
    }


def _parameters(endpoint: Endpoint) -> list[dict[str, Any]]:
    _, brace, rest = endpoint.path.partition("{")
    in_path = [{"name": rest.partition(":")[0], "in": "path", "required": True, "schema": {"type": "string"}}]
    in_query = [
        {"name": name, "in": "query", "description": words, "schema": _schema(name)}
        for name, words in endpoint.parameters.items()
    ]
    return [*(in_path if brace else ()), *in_query]


def _schema(name: str) -> dict[str, Any]:
    if name in CHOICES:
        return {"type": "string", "enum": list(CHOICES[name])}
    if name == "page":
        return {"type": "integer", "minimum": 1}
    return {"type": "string", "format": "date-time"} if name in ("since", "until") else {"type": "string"}
