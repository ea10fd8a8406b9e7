"""Every RPC says who may call it, how HTTP reaches it and what it means."""

from __future__ import annotations

import filecmp
import json
import re
from pathlib import Path

from buf.validate import validate_pb2
from google.protobuf.descriptor import FieldDescriptor
from kontor.common.v1 import access_pb2
from kontor_tools.gen import generate
from openapi_spec_validator import OpenAPIV31SpecValidator

from tests.architecture.contracts import (
    access_of,
    all_methods,
    http_of,
    is_internal,
    own_files,
    public_methods,
    uncommented,
)
from tests.architecture.tree import REPOSITORY

GENERATED = REPOSITORY / "libs" / "protos" / "src"
READING = ("Get", "List", "Watch", "Search", "Preview", "Validate", "Verify", "Check", "Batch")


def test_every_rpc_declares_who_may_call_it() -> None:
    """An RPC without roles, services or the word anonymous is open to nobody and to everybody: refuse it."""
    undeclared = [
        method.full_name
        for method in all_methods()
        if not (access_of(method).roles or access_of(method).services or access_of(method).anonymous)
    ]
    assert undeclared == []


def test_internal_rpcs_admit_services_only_or_pass_a_person_on() -> None:
    """An internal RPC is never anonymous and never mapped to HTTP."""
    guilty = [
        m.full_name
        for m in all_methods()
        if is_internal(m) and (http_of(m).WhichOneof("pattern") or access_of(m).anonymous)
    ]
    assert guilty == []


def test_looking_as_a_customer_only_reads() -> None:
    """Staff who look at the office as a customer write nothing and see none of his documents (F2)."""
    guilty = [
        method.full_name
        for method in all_methods()
        if access_of(method).viewable
        and (
            (http_of(method).WhichOneof("pattern") != "get" and not is_internal(method))
            or ".vault." in method.full_name
        )
    ]
    assert guilty == []


def test_every_public_rpc_has_an_http_mapping() -> None:
    """The JSON API is derived from the protos, so each public RPC says where it lives: below /v1/."""
    guilty = []
    for method in public_methods():
        verb = http_of(method).WhichOneof("pattern")
        if verb is None or not str(getattr(http_of(method), verb)).startswith("/v1/"):
            guilty.append(method.full_name)
    assert guilty == []


def test_http_paths_are_unique() -> None:
    """No two RPCs share a verb and a path."""
    seen: dict[tuple[str, str], str] = {}
    for method in public_methods():
        verb = str(http_of(method).WhichOneof("pattern"))
        key = (verb, str(getattr(http_of(method), verb)))
        assert key not in seen, f"{method.full_name} and {seen[key]} share {key}"
        seen[key] = method.full_name


def test_everything_is_explained() -> None:
    """Every service, RPC, message, field, enum and value has a comment; they become the API's text."""
    assert [name for file in own_files() for name in uncommented(file)] == []


def test_every_write_can_be_repeated() -> None:
    """Every public RPC that writes takes a request_id, so that a repeated call gets the first answer."""
    guilty = [
        method.full_name
        for method in public_methods()
        if http_of(method).WhichOneof("pattern") != "get"
        and not method.name.startswith(READING)
        and "request_id" not in method.input_type.fields_by_name
    ]
    assert guilty == []


def test_every_list_is_paged() -> None:
    """A public list has page_size and page_token and answers with next_page_token."""
    guilty = [
        method.full_name
        for method in public_methods()
        if method.name.startswith("List")
        and not (
            {"page_size", "page_token"} <= set(method.input_type.fields_by_name)
            and "next_page_token" in method.output_type.fields_by_name
        )
    ]
    assert guilty == []


def test_every_id_in_a_request_is_validated() -> None:
    """An id that comes from outside is checked to be a UUID before any code sees it."""
    guilty = []
    for method in public_methods():
        for field in method.input_type.fields:
            if field.type != FieldDescriptor.TYPE_STRING or field.is_repeated:
                continue
            rules = field.GetOptions().Extensions[validate_pb2.field]
            if field.name.endswith("_id") and not rules.string.WhichOneof("well_known"):
                guilty.append(f"{method.full_name}.{field.name}")
    assert guilty == []


def test_customers_never_call_without_naming_a_role() -> None:
    """No RPC admits an unspecified role or right."""
    for method in all_methods():
        access = access_of(method)
        assert access_pb2.ROLE_UNSPECIFIED not in access.roles, method.full_name
        assert access_pb2.RIGHT_UNSPECIFIED not in access.rights, method.full_name


def test_generated_code_is_current(tmp_path: Path) -> None:
    """`make gen` would change nothing: code, descriptors and OpenAPI belong to the protos beside them."""
    generate(tmp_path)
    files = sorted(
        path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file() and path.suffix != ".pyc"
    )
    assert len(files) > 50
    _, different, missing = filecmp.cmpfiles(tmp_path, GENERATED, [str(f) for f in files], shallow=False)
    assert different == []
    assert missing == []


def test_openapi_is_valid() -> None:
    """The derived document is valid OpenAPI 3.1 and covers every public RPC."""
    document = json.loads((GENERATED / "kontor_protos" / "openapi.json").read_text(encoding="utf-8"))
    assert list(OpenAPIV31SpecValidator(document).iter_errors()) == []
    operations = {operation["operationId"] for path in document["paths"].values() for operation in path.values()}
    assert {f"{method.containing_service.name}_{method.name}" for method in public_methods()} <= operations


def test_instants_are_named_alike() -> None:
    """An instant in a contract is called something_time, as AIP-142 has it; only a heartbeat is just a time."""
    guilty = [
        f"{message.name}.{field.name}"
        for file in own_files()
        for message in file.message_type
        for field in message.field
        if field.type_name == ".google.protobuf.Timestamp" and not re.search(r"(^|_)time$", field.name)
    ]
    assert guilty == []


def test_paths_are_written_alike() -> None:
    """Collections and custom verbs in paths are lowerCamelCase, as AIP-122 and AIP-136 have it."""
    guilty = []
    for method in public_methods():
        path = str(getattr(http_of(method), str(http_of(method).WhichOneof("pattern"))))
        words = re.sub(r"\{[^}]*\}", "", path)
        if re.search(r"[-_A-Z]", re.sub(r"(?<=[a-z0-9])[A-Z](?=[a-z])", "", words)):
            guilty.append(path)
    assert guilty == []
