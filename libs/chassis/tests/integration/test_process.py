"""Starting and stopping a whole service on real PostgreSQL and NATS: nothing that was accepted is lost."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import grpc
import pytest
from kontor_chassis.database import Database
from kontor_chassis.ids import new_id
from kontor_chassis.principal import Principal
from kontor_chassis.testing.plugin import ServiceDatabase
from kontor_chassis.testing.server import Running, running
from kontor_tools.embedded.nats import EmbeddedNats
from sqlalchemy import text

from libs.chassis.tests import parcel_office
from libs.chassis.tests.offices import environment, run, side_port, staff, started
from libs.chassis.tests.parcels import Parcel, ParcelStub
from libs.chassis.tests.shipping import until

pytestmark = pytest.mark.integration


async def visits(db: Database) -> list[str]:
    """The visits that were committed."""
    async with db.work.work(Principal.of_service("sender")) as tx:
        return [row.who for row in await tx.session.execute(text("SELECT who FROM visits ORDER BY n"))]


@pytest.fixture
async def office(sender_database: ServiceDatabase, nats: EmbeddedNats) -> AsyncIterator[Running]:
    """The service in this process."""
    async with running(
        "kontor_sender",
        database_url=sender_database.url,
        nats_url=nats.url,
        settings_class=parcel_office.OfficeSettings,
        compose=parcel_office.compose,
        work=True,
    ) as office:
        yield office


async def test_repeated_command_is_answered_once_done_once(office: Running, sender: Database) -> None:
    """The same request id over the wire: the same answer, one effect; concurrent repetitions, too."""
    stub = office.stub(ParcelStub, staff())
    request = Parcel(text="Julia", request_id=str(new_id()), etag="30")
    answers = await asyncio.gather(*(stub.ForStaff(request) for _ in range(5)))
    answers.append(await stub.ForStaff(request))
    assert answers == [answers[0]] * 6
    assert answers[0].text == "besucht: Julia"
    assert await visits(sender) == ["Julia"]


async def test_reused_request_id_is_refused(office: Running) -> None:
    """The id of one request cannot fetch the answer of another."""
    stub = office.stub(ParcelStub, staff())
    request_id = str(new_id())
    await stub.ForStaff(Parcel(text="Julia", request_id=request_id))
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await stub.ForStaff(Parcel(text="Tom", request_id=request_id))
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT


async def test_side_port_tells_health_and_figures(office: Running) -> None:
    """Alive, ready, and metrics of calls and events in Prometheus' format."""
    await office.stub(ParcelStub, staff()).ForStaff(Parcel(text="Julia"))
    port = office.process.metrics_port
    assert await side_port(port, "/healthz") == (200, "ok\n")

    async def ready() -> bool:
        return await side_port(port, "/readyz") == (200, "ok\n")

    await until(ready)  # NATS is connected to in the background
    status, metrics = await side_port(port, "/metrics")
    assert status == 200
    assert 'grpc_server_handled_total{grpc_code="OK",grpc_method="ForStaff"' in metrics
    assert (await side_port(port, "/elsewhere"))[0] == 404


async def test_calls_in_hand_are_finished_after_sigterm(
    sender_database: ServiceDatabase, sender: Database, nats: EmbeddedNats, tmp_path: Path
) -> None:
    """Eight calls are being handled when SIGTERM comes: all are answered, all are in the database."""
    bearer = (("authorization", f"Bearer {staff()}"),)
    async with started("all", environment(sender_database, nats.url, tmp_path)) as service, service.stub() as stub:
        calls = [stub.ForStaff(Parcel(text=str(n), etag="700"), metadata=bearer) for n in range(8)]

        async def all_in_hand() -> bool:
            return "grpc_server_in_flight 8.0" in (await side_port(service.metrics_port, "/metrics"))[1]

        await until(all_in_hand)
        status, log = await service.stop()
        answers = await asyncio.gather(*calls)
    assert [answer.text for answer in answers] == [f"besucht: {n}" for n in range(8)]
    assert sorted(await visits(sender)) == [str(n) for n in range(8)]
    assert status == 0
    assert '"event": "process_stopped"' in log
    assert '"level": "error"' not in log


async def test_no_call_is_lost_under_load(
    sender_database: ServiceDatabase, sender: Database, nats: EmbeddedNats, tmp_path: Path
) -> None:
    """Clients call without pause while SIGTERM comes: every OK is committed, and nothing else is; the rest is told
    UNAVAILABLE, so that it is tried again elsewhere.
    """
    bearer = (("authorization", f"Bearer {staff()}"),)
    answered: list[str] = []
    refused: list[grpc.StatusCode] = []

    async def calling(stub: ParcelStub, name: str) -> None:
        for n in range(10_000):
            try:
                who = f"{name}-{n}"
                await stub.ForStaff(Parcel(text=who, etag="5"), metadata=bearer)
                answered.append(who)
            except grpc.aio.AioRpcError as error:
                refused.append(error.code())
                return

    async with started("serve", environment(sender_database, nats.url, tmp_path)) as service, service.stub() as stub:
        clients = [asyncio.create_task(calling(stub, str(n))) for n in range(8)]

        async def under_load() -> bool:
            return len(answered) > 100

        await until(under_load)
        status, _ = await service.stop()
        await asyncio.gather(*clients)
    assert status == 0
    assert set(refused) == {grpc.StatusCode.UNAVAILABLE}
    assert sorted(await visits(sender)) == sorted(answered)


async def test_faults_of_the_configuration_are_listed(tmp_path: Path) -> None:
    """`check-config` and every other command say all that is wrong and end with status 2."""
    for command in ("check-config", "serve"):
        process = await run(command, env={"PATH": os.environ["PATH"], "KONTOR_GRPC_PORT": "1"})
        output = (await process.communicate())[0].decode()
        assert process.returncode == 2
        assert "KONTOR_GRPC_PORT: unknown setting\n" in output
        assert "KONTOR_DATABASE_URL: Field required\n" in output
        assert "Traceback" not in output


async def test_complete_configuration_passes_the_check(
    sender_database: ServiceDatabase, nats: EmbeddedNats, tmp_path: Path
) -> None:
    """`check-config` connects to nothing and ends with status 0."""
    process = await run("check-config", env=environment(sender_database, "nats://127.0.0.1:1", tmp_path))
    assert (await process.communicate())[0] == b"configuration is complete\n"
    assert process.returncode == 0


async def test_own_command_gets_a_connected_platform(
    sender_database: ServiceDatabase, nats: EmbeddedNats, tmp_path: Path
) -> None:
    """A service's own command runs against its database and ends."""
    process = await run("greet", "Petra", env=environment(sender_database, nats.url, tmp_path))
    output = (await process.communicate())[0].decode()
    assert "Guten Tag, Petra\n" in output
    assert process.returncode == 0


async def test_sigterm_while_starting_ends_at_once(
    sender_database: ServiceDatabase, nats: EmbeddedNats, tmp_path: Path
) -> None:
    """A process that waits for nothing but its first signal is not killed by force."""
    env = environment(sender_database, "nats://127.0.0.1:1", tmp_path)
    async with started("serve", env) as service:
        status, _ = await service.stop()
    assert status == 0
