"""The customer's conversations with his firm (F189)."""

from __future__ import annotations

import grpc
from flask import Blueprint, flash, redirect, render_template
from flask.typing import ResponseReturnValue
from kontor.chat.v1 import chat_pb2

from kontor_portal import gateway
from kontor_portal.advisers import adviser_of
from kontor_portal.forms import Form, refused, sent
from kontor_portal.gateway import new_request_id
from kontor_portal.requests import signed_in
from kontor_portal.rooms import Room, room_of

customer_chat = Blueprint("customer_chat", __name__)


@customer_chat.get("/kunde/chat")
def inbox() -> ResponseReturnValue:
    """List the conversations and offer a new one."""
    return _show(None, Form())


@customer_chat.post("/kunde/chat")
def start() -> ResponseReturnValue:
    """Start a conversation with its first message."""
    values = sent()
    request = chat_pb2.StartChatRequest(
        customer_id=signed_in().customer_id,
        subject=values.get("subject", ""),
        text=values.get("text", ""),
        request_id=values.get("request_id") or new_request_id(),
    )
    try:
        chat = gateway.chat().StartChat(request)
    except grpc.RpcError as error:
        return _show(None, refused(error))
    return redirect(f"/kunde/chat/{chat.chat_id}", 303)


@customer_chat.get("/kunde/chat/<id:chat_id>")
def room(chat_id: str) -> ResponseReturnValue:
    """Show one conversation."""
    chat = gateway.chat().GetChat(chat_pb2.GetChatRequest(chat_id=chat_id))
    return _show(room_of(chat, is_customer=True), Form())


@customer_chat.post("/kunde/chat/<id:chat_id>")
def send(chat_id: str) -> ResponseReturnValue:
    """Send a message without scripts."""
    request = chat_pb2.SendMessageRequest(chat_id=chat_id, text=sent().get("text", ""), request_id=new_request_id())
    try:
        gateway.chat().SendMessage(request)
    except grpc.RpcError as error:
        flash(refused(error).problem_text, "bad")
    return redirect(f"/kunde/chat/{chat_id}", 303)


def _show(open_room: Room | None, form: Form) -> ResponseReturnValue:
    chats = gateway.chat().ListChats(chat_pb2.ListChatsRequest(page_size=50))
    return render_template(
        "customer/chat.html",
        chats=tuple(chats.chats),
        room=open_room,
        form=form,
        adviser=adviser_of(signed_in().customer_id)(),
        request_id=new_request_id(),
    ), form.status
