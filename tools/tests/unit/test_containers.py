"""How processes become containers and images are built, as far as no Docker engine is needed."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
from kontor_tools import containers
from kontor_tools.folders import Folders
from kontor_tools.images import IMAGES, LARGEST_BYTES, VARIANTS, build_command, oversize
from kontor_tools.plan import EDGES, SERVICES, STORAGE, Options, Plan, Ports, ports_needed


def plan(tmp_path: Path, options: Options) -> Plan:
    """Return the plan of an installation that nobody starts."""
    folders = Folders(tmp_path)
    folders.create()
    return Plan(folders, options, Ports(list(range(20000, 20000 + ports_needed(options)))))


def test_containers_are_told_what_processes_are_told(tmp_path: Path) -> None:
    """The same names, settings and readiness; only the command differs, and storage stays as it is.

    But the file edge has a Unix socket as a process and a port in a container.
    """
    plain = plan(tmp_path, Options())
    contained = plan(tmp_path, Options(image_tag="1.2.3"))
    socket = f"unix:{plain.folders.socket_of('vault-http-1')}"
    elsewhere = {}
    for process, container in zip(plain.programs, contained.programs, strict=True):
        assert replace(container, command=process.command, environment=process.environment) == process
        assert (container.command == process.command) == (process.group == STORAGE)
        assert container.environment.keys() == process.environment.keys()
        for name in container.environment:
            if container.environment[name] != process.environment[name]:
                assert process.environment[name] == socket
                elsewhere[container.name, name] = container.environment[name]
    assert elsewhere.keys() == {("vault-http", "KONTOR_HTTP_LISTEN"), ("gateway", "KONTOR_VAULT_HTTP_ADDRESS")}
    assert len(set(elsewhere.values())) == 1
    assert next(iter(elsewhere.values())).startswith("127.0.0.1:")


def test_every_program_runs_from_its_image(tmp_path: Path) -> None:
    """An edge is another command of its service's image; what follows the image is the command the chart gives."""
    commands = {program.name: program.command for program in plan(tmp_path, Options(image_tag="1.2.3")).programs}
    for service in SERVICES:
        assert commands[service][-2:] == [f"kontor-{service}:1.2.3", "all"]
    for edge, package in EDGES.items():
        assert commands[edge][-2:] == [f"kontor-{package}:1.2.3", "http"]
    assert commands["gateway"][-2:] == ["kontor-gateway:1.2.3", "serve"]


def test_container_is_locked_down_and_inherits_its_settings(tmp_path: Path) -> None:
    """Read-only, no capabilities, never root; values are inherited, so none is seen in the list of processes."""
    made = plan(tmp_path, Options(image_tag="1.2.3"))
    for program in made.programs:
        if program.group == STORAGE:
            continue
        assert {"--rm", "--read-only", "--cap-drop=ALL", "--network=host"} <= set(program.command)
        assert not any(word.startswith("--user=0") for word in program.command)
        inherited = {word.removeprefix("--env=") for word in program.command if word.startswith("--env=")}
        assert inherited == {*program.environment, "INSTALLATION"}
        assert not any("=" in name for name in inherited)


def test_only_the_vault_writes_documents(tmp_path: Path) -> None:
    """The installation's folder is read-only for all; the object store is writable for those who are told of it."""
    folders = Folders(tmp_path)
    writers = {
        program.name
        for program in plan(tmp_path, Options(image_tag="1.2.3")).programs
        if f"--mount=type=bind,source={folders.objects},target={folders.objects}" in program.command
    }
    assert writers == {"vault", "vault-http", "vault-mail"}


def test_containers_never_run_as_root() -> None:
    """Root's containers get the account of the image, everybody else's his own."""
    assert containers.account(0, 0) == containers.IMAGE_ACCOUNT
    assert containers.account(1000, 100) == (1000, 100)


def test_secrets_are_readable_for_the_containers(tmp_path: Path) -> None:
    """Whoever starts the installation, the account of its containers owns secrets and documents."""
    folders = Folders(tmp_path)
    folders.create()
    secret = folders.secrets / "a.key"
    secret.touch(mode=0o600)
    containers.hand_over(folders)
    owner = containers.account(os.geteuid(), os.getegid())[0]
    assert {path.stat().st_uid for path in (folders.secrets, secret, folders.objects)} == {owner}


@pytest.mark.parametrize(("switch", "tag"), [("1", "9.9"), ("", None), ("0", None), (None, None)])
def test_containers_are_asked_for_by_the_environment(switch: str | None, tag: str | None) -> None:
    """Nobody gets containers who did not ask for them."""
    given = {"KONTOR_IMAGE_TAG": "9.9"} | ({} if switch is None else {containers.SWITCH: switch})
    assert containers.tag_asked_for(given) == tag


def test_build_takes_bases_and_network_from_the_environment() -> None:
    """Where no registry can be reached, others than the Dockerfile's; else the Dockerfile decides."""
    plain = build_command("vault", {"KONTOR_IMAGE_TAG": "1"})
    assert [word for word in plain if "=" in word] == ["SERVICE=vault"]
    assert "--network" not in plain
    packages = build_command("vault-ocr", {"KONTOR_IMAGE_TAG": "1"})
    assert "PACKAGES=tesseract-ocr tesseract-ocr-deu" in packages
    assert "kontor-vault-ocr:1" in packages
    environment = {"KONTOR_BASE_IMAGE": "a:1", "KONTOR_BUILD_IMAGE": "b:2", "KONTOR_BUILD_NETWORK": "host"}
    given = build_command("vault", environment)
    assert [word for word in given if "=" in word] == ["SERVICE=vault", "BASE_IMAGE=a:1", "BUILD_IMAGE=b:2"]
    assert given[given.index("--network") + 1] == "host"


def test_large_image_is_named_with_its_size() -> None:
    """So that whoever added the large package knows what it cost."""
    assert oversize("vault", LARGEST_BYTES) is None
    assert oversize("vault", 281_400_000) == "The image of vault has 281 MB: at most 250 are allowed."


def test_everything_that_is_deployed_has_an_image() -> None:
    """Every service of the plan, the portal and the gateway."""
    assert set(IMAGES) == {*SERVICES, *VARIANTS, *EDGES.values(), "gateway"}
