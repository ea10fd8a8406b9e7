"""The firm's conversations with its customers (F180–F191)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import grpc
from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from kontor.chat.v1 import chat_pb2
from kontor.identity.v1 import people_pb2

from kontor_portal import gateway
from kontor_portal.customers import names_of, staff_names
from kontor_portal.forms import Form, refused, sent
from kontor_portal.gateway import new_request_id
from kontor_portal.i18n import t
from kontor_portal.reading import next_page, page_token
from kontor_portal.rooms import Room, room_of

broker_chat = Blueprint("broker_chat", __name__)


@dataclass(frozen=True)
class ChatFilter:
    """Which conversations are listed (F191)."""

    show: str
    search: str

    @property
    def query(self) -> str:
        """The filter as the query of an address."""
        return f"zeige={self.show}"


@dataclass(frozen=True)
class Inbox:
    """The list of conversations beside the open one."""

    chats: tuple[chat_pb2.Chat, ...]
    names: Mapping[str, str]
    staff: Mapping[str, str]
    filter: ChatFilter
    next_url: str


@broker_chat.get("/makler/chat")
def inbox() -> ResponseReturnValue:
    """List the conversations."""
    return render_template("broker/chat.html", inbox=_inbox(), room=None)


@broker_chat.get("/makler/chat/<id:chat_id>")
def room(chat_id: str) -> ResponseReturnValue:
    """Show one conversation beside the list."""
    chat = gateway.chat().GetChat(chat_pb2.GetChatRequest(chat_id=chat_id))
    shown: Room = room_of(chat, is_customer=False)
    return render_template("broker/chat.html", inbox=_inbox(first_page=True, also=chat.customer_id), room=shown)


@broker_chat.post("/makler/chat/<id:chat_id>")
def send(chat_id: str) -> ResponseReturnValue:
    """Send a message without scripts."""
    wanted = chat_pb2.SendMessageRequest(chat_id=chat_id, text=sent().get("text", ""), request_id=new_request_id())
    try:
        gateway.chat().SendMessage(wanted)
    except grpc.RpcError as error:
        flash(refused(error).problem_text, "bad")
    return redirect(f"/makler/chat/{chat_id}", 303)


@broker_chat.post("/makler/chat/<id:chat_id>/archiv")
def archive(chat_id: str) -> ResponseReturnValue:
    """Archive a conversation, or bring it back (F188)."""
    client, request_id = gateway.chat(), new_request_id()
    if sent().get("action") == "oeffnen":
        client.ReopenChat(chat_pb2.ReopenChatRequest(chat_id=chat_id, request_id=request_id))
        flash(t("Die Unterhaltung ist wieder offen."), "ok")
        return redirect(f"/makler/chat/{chat_id}", 303)
    client.ArchiveChat(chat_pb2.ArchiveChatRequest(chat_id=chat_id, request_id=request_id))
    flash(t("Die Unterhaltung liegt im Archiv."), "ok")
    return redirect("/makler/chat", 303)


@broker_chat.get("/makler/chat/neu/<id:customer_id>")
def new_chat(customer_id: str) -> ResponseReturnValue:
    """Show the form of a new conversation."""
    return _form(customer_id, Form())


@broker_chat.post("/makler/chat/neu/<id:customer_id>")
def start(customer_id: str) -> ResponseReturnValue:
    """Start a conversation with a customer whose access is active (F180)."""
    values = sent()
    wanted = chat_pb2.StartChatRequest(
        customer_id=customer_id,
        subject=values.get("subject", ""),
        text=values.get("text", ""),
        request_id=values.get("request_id") or new_request_id(),
    )
    try:
        chat = gateway.chat().StartChat(wanted)
    except grpc.RpcError as error:
        return _form(customer_id, refused(error))
    return redirect(f"/makler/chat/{chat.chat_id}", 303)


def _form(customer_id: str, form: Form) -> ResponseReturnValue:
    customer = gateway.identity().GetCustomer(people_pb2.GetCustomerRequest(customer_id=customer_id))
    return render_template(
        "broker/chat_new.html", customer=customer, form=form, request_id=new_request_id()
    ), form.status


def _inbox(*, first_page: bool = False, also: str = "") -> Inbox:
    shown = ChatFilter(request.args.get("zeige", "offen"), request.args.get("suche", "").strip()[:100])
    found = _customers_named(shown.search)
    wanted = chat_pb2.ListChatsRequest(
        state=chat_pb2.ListChatsRequest.STATE_ARCHIVED
        if shown.show == "archiv"
        else chat_pb2.ListChatsRequest.STATE_OPEN,
        only_own=shown.show == "eigene",
        only_unassigned=shown.show == "frei",
        customer_ids=found or (),
        page_size=30,
        page_token="" if first_page else page_token(),
    )
    nobody_found = found is not None and not found
    answer = chat_pb2.ListChatsResponse() if nobody_found else gateway.chat().ListChats(wanted)
    return Inbox(
        chats=tuple(answer.chats),
        names=names_of([also, *(chat.customer_id for chat in answer.chats)]),
        staff=staff_names(),
        filter=shown,
        next_url="" if first_page else next_page(answer.next_page_token),
    )


def _customers_named(search: str) -> tuple[str, ...] | None:
    """Return ids of the customers a search means; None when nothing is searched for."""
    if not search:
        return None
    answer = gateway.identity().ListCustomers(people_pb2.ListCustomersRequest(query=search, page_size=100))
    return tuple(customer.customer_id for customer in answer.customers)
