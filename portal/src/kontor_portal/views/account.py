"""What everybody who is signed in has: notifications, preferences, a change of membership."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

import grpc
from flask import Blueprint, Response, abort, flash, redirect, render_template
from flask.typing import ResponseReturnValue
from google.protobuf.field_mask_pb2 import FieldMask
from kontor.identity.v1 import accounts_pb2
from kontor.notifications.v1 import notifications_pb2

from kontor_portal import gateway
from kontor_portal.forms import sent
from kontor_portal.gateway import new_request_id
from kontor_portal.heard import heard
from kontor_portal.i18n import t
from kontor_portal.links import safe_path
from kontor_portal.reading import next_page, optional, page_token
from kontor_portal.requests import current_session, signed_in, to_refresh

account = Blueprint("account", __name__)


@dataclass(frozen=True)
class AccountSettings:
    """Who the account is and how it is told things."""

    me: accounts_pb2.Me
    preferences: notifications_pb2.Preferences | None


def account_settings() -> AccountSettings:
    """Ask for the settings of the signed-in account."""
    identity = gateway.identity()
    preferences = optional(
        lambda: gateway.notifications().GetPreferences(notifications_pb2.GetPreferencesRequest()), None
    )
    me = identity.GetMe(accounts_pb2.GetMeRequest())
    return AccountSettings(me, preferences)


@account.get("/konto")
def settings() -> ResponseReturnValue:
    """Show the settings of the account."""
    return render_template("account/settings.html", account=account_settings())


@account.post("/konto/benachrichtigungen")
def update_preferences() -> ResponseReturnValue:
    """Change how the account is told things."""
    values = sent()
    wanted = notifications_pb2.Preferences(chat_email=values.get("chat_email") == "1")
    gateway.notifications().UpdatePreferences(
        notifications_pb2.UpdatePreferencesRequest(
            preferences=wanted, update_mask=FieldMask(paths=["chat_email"]), request_id=new_request_id()
        )
    )
    flash(t("Ihre Einstellung ist gespeichert.", du="Deine Einstellung ist gespeichert."), "ok")
    return redirect(_back(), 303)


@account.get("/benachrichtigungen")
def notifications() -> ResponseReturnValue:
    """List the notifications."""
    answer = gateway.notifications().ListNotifications(
        notifications_pb2.ListNotificationsRequest(page_size=30, page_token=page_token())
    )
    return render_template(
        "account/notifications.html",
        notifications=tuple(answer.notifications),
        unread=answer.unread_count,
        next_url=next_page(answer.next_page_token),
    )


@account.post("/benachrichtigungen/gelesen")
def mark_all_read() -> ResponseReturnValue:
    """Mark everything as read."""
    gateway.notifications().MarkRead(notifications_pb2.MarkReadRequest(all=True, request_id=new_request_id()))
    return redirect("/benachrichtigungen", 303)


@account.get("/benachrichtigungen/<id:notification_id>")
def open_notification(notification_id: str) -> ResponseReturnValue:
    """Mark a notification as read and go where it leads."""
    found = _newest(notification_id)
    gateway.notifications().MarkRead(
        notifications_pb2.MarkReadRequest(notification_ids=[notification_id], request_id=new_request_id())
    )
    return redirect(safe_path(found.link if found else None, "/benachrichtigungen"), 303)


@account.get("/benachrichtigungen/<id:notification_id>/titel")
def notification_title(notification_id: str) -> ResponseReturnValue:
    """Return a notification's title in the reader's language, for the notice of a script."""
    found = _newest(notification_id)
    if found is None:
        abort(404)
    return Response(heard(found.title), mimetype="text/plain")


@account.get("/auth/switch")
def switch() -> ResponseReturnValue:
    """Show what the account is, to act as something else."""
    if current_session() is None:
        return redirect(f"/auth/login?next={quote('/auth/switch', safe='')}", 302)
    try:
        answer = gateway.identity().ListMemberships(accounts_pb2.ListMembershipsRequest())
    except grpc.RpcError as error:
        if isinstance(error, grpc.Call) and error.code() is grpc.StatusCode.UNAUTHENTICATED:
            return to_refresh()
        raise
    return render_template("account/switch.html", memberships=tuple(answer.memberships))


def _back() -> str:
    return "/kunde/profil" if signed_in().is_customer else "/konto"


def _newest(notification_id: str) -> notifications_pb2.Notification | None:
    """Return one of the newest hundred notifications."""
    answer = gateway.notifications().ListNotifications(notifications_pb2.ListNotificationsRequest(page_size=100))
    return next((each for each in answer.notifications if each.notification_id == notification_id), None)
