"""What the published documents say, in the form in which the pages show it: one place for each fact. Pure."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Schema = Mapping[str, Any]
Document = Mapping[str, Any]

_SCHEMAS = "#/components/schemas/"
_WIDEST = 84  # characters of an example's line


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A line of a table. `of` names the shape or the set of words that its type is, None where it needs neither."""

    name: str
    type: str
    of: str | None
    unit: str
    meaning: str
    required: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where a feed is, and what its address may ask for."""

    name: str
    address: str
    title: str
    summary: str
    query: tuple[Field, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    name: str
    title: str
    summary: str
    description: str
    feeds: tuple[str, ...]
    fields: tuple[Field, ...]
    examples: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What several messages carry, described once: an object's fields, or else one sentence."""

    name: str
    meaning: str
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """The words that a field can have, each with its meaning."""

    name: str
    meaning: str
    words: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One method of one address."""

    method: str
    path: str
    id: str
    summary: str
    description: str
    parameters: tuple[Field, ...]
    body: str
    fields: tuple[Field, ...]
    returns: str | None
    status: str
    example: str
    problems: tuple[tuple[str, str], ...]


def followed(document: Document, reference: str) -> Schema:
    """Return what a reference leads to, which may be another."""
    found: Any = document
    for part in reference.removeprefix("#/").split("/"):
        found = found[part]
    schema: Schema = found
    return schema


def resolved(document: Document, schema: Schema) -> Schema:
    """Return what references lead to at last, or the schema itself."""
    while "$ref" in schema:
        schema = followed(document, schema["$ref"])
    return schema


def fields_of(document: Document, schema: Schema) -> tuple[Field, ...]:
    """Return the lines of an object's table; none for what is no object."""
    schema = resolved(document, schema)
    required = schema.get("required", ())
    return tuple(
        _field(document, name, one, required=name in required)
        for name, one in schema.get("properties", {}).items()
    )


def _field(document: Document, name: str, schema: Schema, *, required: bool) -> Field:
    what = resolved(document, schema)
    text, of = type_of(document, schema)
    meaning = schema.get("description", "") or what.get("description", "")
    if of is None and "x-meanings" in what:
        meaning += " " + "; ".join(f"`{word}`: {means}" for word, means in what["x-meanings"].items()) + "."
    return Field(
        name=name,
        type=text,
        of=of,
        unit=what.get("x-unit", ""),
        meaning=meaning,
        required=required,
    )


def type_of(document: Document, schema: Schema) -> tuple[str, str | None]:
    """Return a type in words, and the name under which it is described, if it has one."""
    match schema:
        case {"$ref": str(target)} if target.removeprefix(_SCHEMAS).isalnum():
            name = target.removeprefix(_SCHEMAS)
            return name, name
        case {"$ref": str(target)}:
            return type_of(document, followed(document, target))
        case {"const": value}:
            return json.dumps(value), None
        case {"oneOf": [kind, {"type": "null"}]}:
            text, of = type_of(document, kind)
            return f"{text} or null", of
        case {"enum": words}:
            return " or ".join(json.dumps(word) for word in words), None
        case {"type": "array", "items": {"type": "array"}}:
            return "list of pairs", None
        case {"type": "array", "items": dict(items)}:
            text, of = type_of(document, items)
            return f"list of {text}", of
        case {"type": [*types]}:
            return " or ".join(types), None
        case {"type": kind}:
            return str(kind), None
        case _:
            return "any", None


def endpoints(document: Document) -> tuple[Endpoint, ...]:
    return tuple(
        Endpoint(
            name=name,
            address=channel["address"],
            title=channel["title"],
            summary=channel["summary"],
            query=fields_of(document, channel["bindings"]["ws"]["query"]),
        )
        for name, channel in document["channels"].items()
    )


def messages(document: Document, action: str) -> tuple[Message, ...]:
    """Return the messages that the server sends (`send`) or takes (`receive`), each once."""
    feeds: dict[str, list[str]] = {}
    for operation in document["operations"].values():
        if operation["action"] == action:
            feed = operation["channel"]["$ref"].rpartition("/")[2]
            for reference in operation["messages"]:
                feeds.setdefault(reference["$ref"].rpartition("/")[2], []).append(feed)
    return tuple(_message(document, name, tuple(on)) for name, on in feeds.items())


def _message(document: Document, name: str, feeds: tuple[str, ...]) -> Message:
    message = document["components"]["messages"][name]
    return Message(
        name=name,
        title=message["title"],
        summary=message["summary"],
        description=message.get("description", ""),
        feeds=feeds,
        fields=fields_of(document, message["payload"]),
        examples=tuple((one["summary"], written(one["payload"])) for one in message["examples"]),
    )


def shapes(document: Document) -> tuple[Shape, ...]:
    return tuple(
        Shape(name=name, meaning=schema.get("description", ""), fields=_own_fields(document, schema))
        for name, schema in document["components"]["schemas"].items()
        if "x-meanings" not in schema
    )


def _own_fields(document: Document, schema: Schema) -> tuple[Field, ...]:
    """Return the fields of a shape; none where all are another's, which its meaning names."""
    if "oneOf" in schema:
        return tuple(field for one in schema["oneOf"] for field in fields_of(document, one))
    borrowed = [_is_borrowed(one) for one in schema.get("properties", {}).values()]
    return () if all(borrowed) else fields_of(document, schema)


def _is_borrowed(schema: Schema) -> bool:
    return "/properties/" in schema.get("$ref", "")


def words(document: Document) -> tuple[Words, ...]:
    return tuple(
        Words(name=name, meaning=schema["description"], words=tuple(schema["x-meanings"].items()))
        for name, schema in document["components"]["schemas"].items()
        if "x-meanings" in schema
    )


def operations(document: Document) -> tuple[Operation, ...]:
    """Return what can be asked over HTTP, in the order of the document."""
    return tuple(
        _operation(document, path, method, told)
        for path, methods in document["paths"].items()
        for method, told in methods.items()
    )


def _operation(document: Document, path: str, method: str, told: Mapping[str, Any]) -> Operation:
    status = next(iter(told["responses"]))
    content = told["responses"][status]["content"]["application/json"]
    body = told.get("requestBody", {}).get("content", {}).get("application/json", {})
    _, returns = type_of(document, content["schema"])
    return Operation(
        method=method.upper(),
        path=path,
        id=told["operationId"],
        summary=told["summary"],
        description=told.get("description", ""),
        parameters=(
            *(_parameter(document, one) for one in told.get("parameters", ())),
            *fields_of(document, body.get("schema", {})),
        ),
        body=written(body["example"]) if body else "",
        fields=() if returns else fields_of(document, content["schema"]),
        returns=returns,
        status=status,
        example=written(content["example"]),
        problems=tuple(_problems(document, told["responses"])),
    )


def _parameter(document: Document, schema: Schema) -> Field:
    parameter = resolved(document, schema)
    text, of = type_of(document, parameter["schema"])
    return Field(
        name=parameter["name"],
        type=text,
        of=of,
        unit="",
        meaning=parameter["description"],
        required=parameter.get("required", False),
    )


def _problems(document: Document, responses: Mapping[str, Schema]) -> Iterator[tuple[str, str]]:
    for status, response in responses.items():
        if "$ref" in response:
            yield status, resolved(document, response)["description"]


def written(value: Any, *, indent: int = 0) -> str:
    """Return JSON as people write it: on one line what fits there."""
    line = json.dumps(value, ensure_ascii=False)
    if indent + len(line) <= _WIDEST or not isinstance(value, dict | list) or not value:
        return line
    inner, end = " " * (indent + 2), " " * indent
    match value:
        case dict():
            parts = [
                f"{inner}{json.dumps(key)}: {written(part, indent=indent + 2)}" for key, part in value.items()
            ]
            return "{\n" + ",\n".join(parts) + f"\n{end}}}"
        case _:
            parts = [inner + written(part, indent=indent + 2) for part in value]
            return "[\n" + ",\n".join(parts) + f"\n{end}]"
