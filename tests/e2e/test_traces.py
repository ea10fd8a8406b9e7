"""One request is one trace, from the gateway to the last consumer in another service."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import pytest
from kontor_chassis.testing.waiting import until
from kontor_tools.people import RefusedError

from tests.e2e.collector import Collector, Span
from tests.e2e.stage import InstalledStage
from tests.e2e.story import Story

SEND = "kontor.chat.v1.ChatService/SendMessage"
EVENT = "kontor.chat.v1.MessagePosted"
CONSUMER_KIND = 5
TEXT = "Eine Nachricht, die eine Spur hinterlässt"


def test_one_request_is_one_trace(stage: InstalledStage, collector: Collector, story: Story) -> None:
    """Envoy, the RPC, its SQL, the outbox, the publication and the consumer share one trace id."""
    known = {span.trace_id for span in collector.spans() if span.name == SEND}
    story.guest.person.post(f"/v1/chats/{story.chat_id}/messages", {"text": TEXT})

    def complete() -> list[Span] | None:
        traces = defaultdict(list)
        for span in collector.spans():
            traces[span.trace_id].append(span)
        mine = [spans for trace, spans in traces.items() if trace not in known and _named(spans, "chat", SEND)]
        return mine[0] if mine and told <= {(span.service, span.name) for span in mine[0]} | _senders(mine[0]) else None

    told = {("chat", f"publish {EVENT}"), ("notifications", f"consume {EVENT}"), ("kontor-gateway", "")}
    spans = until(complete, seconds=30, what="spans from everybody on the way of a message")
    calls = _named(spans, "chat", SEND)
    assert len(calls) == 1
    statements = [span for span in spans if span.service == "chat" and span.name.startswith("SQL")]
    assert any("INSERT INTO messages" in str(span.attributes) for span in statements)
    assert any("INSERT INTO outbox" in str(span.attributes) for span in statements)
    assert _named(spans, "chat", f"publish {EVENT}")

    consumed = _named(spans, "notifications", f"consume {EVENT}")[0]
    assert consumed.kind == CONSUMER_KIND
    way = _way_up(consumed, spans)
    assert calls[0] in way, "the consumer's span descends from the RPC's"
    assert way[-1].service == "kontor-gateway", "and everything from the gateway's"
    assert any(span.parent_id == consumed.span_id for span in spans), "the consumer's own SQL hangs below it"


def test_a_refused_request_leaves_a_trace_too(collector: Collector, story: Story) -> None:
    """What failed is found by its trace as well."""
    known = {span.trace_id for span in collector.spans()}
    unknown = "/v1/chats/01890000-0000-7000-8000-000000000000"
    with pytest.raises(RefusedError) as refused:
        story.guest.person.get(unknown)
    assert refused.value.status == 404

    def traced() -> list[Span]:
        new = [span for span in collector.spans() if span.trace_id not in known]
        return [span for span in new if span.name == "kontor.chat.v1.ChatService/GetChat"]

    call = until(traced, seconds=30, what="the trace of the refused request")[0]
    assert call.attributes["rpc.grpc.status_code"] == "5"


def test_spans_hold_no_personal_data(collector: Collector, story: Story) -> None:
    """Names, addresses, texts, queries and tokens stay out of traces as out of logs."""
    told = " ".join(f"{span.name} {span.attributes}" for span in collector.spans())
    for person in story.people():
        assert person.email not in told
        assert person.token not in told
    assert TEXT not in told
    assert "eyJ" not in told


def _named(spans: Iterable[Span], service: str, name: str) -> list[Span]:
    return [span for span in spans if (span.service, span.name) == (service, name)]


def _senders(spans: Iterable[Span]) -> set[tuple[str, str]]:
    """Return the services that sent spans; each sends in its own time, the gateway every five seconds."""
    return {(span.service, "") for span in spans}


def _way_up(span: Span, spans: list[Span]) -> list[Span]:
    """Return the span and its ancestors, nearest first."""
    by_id = {one.span_id: one for one in spans}
    way = [span]
    while way[-1].parent_id in by_id:
        way.append(by_id[way[-1].parent_id])
    return way
