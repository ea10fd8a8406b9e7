"""What every template may use: sentences, formats, icons, and the frame around the page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import grpc
from flask import Flask, g, request
from kontor.notifications.v1 import notifications_pb2 as notifications_pb

from kontor_portal import binder_labels, breaking, formatting, gateway, i18n, labels, scan_labels, usage_views
from kontor_portal.advisers import dialled
from kontor_portal.extension import portal
from kontor_portal.firms import PLATFORM_NAME, FirmLook
from kontor_portal.heard import heard, line_name
from kontor_portal.navigation import NavEntry, navigation
from kontor_portal.own_pictures import own_pictures
from kontor_portal.requests import current_firm, current_session, home_of
from kontor_portal.searching import search_hint
from kontor_portal.session import THEME_COOKIE, THEMES, Session
from kontor_portal.start_page import closed_addresses

LABELS: Final = (
    "access_state", "account_event", "agreement_state", "category", "changed_field", "channel", "consent_state",
    "contact_kind", "contract_status", "customer_field", "device", "document_kind", "field_group", "file_kind",
    "kind_icon", "ledger_account", "line_icon", "marital_status", "order_state", "order_step",
    "payment_interval", "plan", "right", "role", "salutation", "service_state", "standing", "tax", "tenant_kind",
    "tenant_state", "tier",
)  # fmt: skip
"""Functions of `labels` that templates use as filters."""
SCAN_LABELS: Final = ("original_state", "scan_batch_state", "scan_piece_problem", "scan_piece_state")

MENU_ON_TOP: Final = frozenset({"tiles", "letter", "panorama"})
"""Layouts whose menu lies above the page (F38)."""
MOST_ON_TOP: Final = 7
"""So many entries fit into one line beside a firm's name at 1280 pixels."""


@dataclass(frozen=True)
class Shell:
    """The frame around a page of somebody who is signed in; what costs a call is asked only when it is drawn."""

    session: Session
    path: str
    firm: FirmLook

    @cached_property
    def entries(self) -> tuple[NavEntry, ...]:
        """All places to go."""
        closed = closed_addresses(self.firm) if self.session.customer_id else ()
        return navigation(self.session, self.path, in_expert_firm=bool(g.get("in_expert_firm", False)), closed=closed)

    @property
    def viewed_as(self) -> bool:
        """Whether staff look at the office as this customer."""
        return bool(self.session.viewer_id)

    @cached_property
    def pictures(self) -> Mapping[str, str]:
        """The customer's own pictures of his contracts (F44)."""
        ahead: Callable[[], Mapping[str, str]] | None = g.get("pictures_ahead")
        return (ahead or own_pictures())() if self.session.customer_id else {}

    @property
    def search_hint(self) -> str:
        """What the search field says can be found."""
        return search_hint(self.session.persona(in_expert_firm=bool(g.get("in_expert_firm", False))))

    @property
    def home(self) -> str:
        """Address of the page this membership starts at."""
        return home_of(self.session)

    @property
    def phone_entries(self) -> tuple[NavEntry, ...]:
        """The places in the bottom bar."""
        return tuple(entry for entry in self.entries if entry.item.is_pinned)

    @property
    def more_entries(self) -> tuple[NavEntry, ...]:
        """The places behind “Mehr”."""
        return tuple(entry for entry in self.entries if not entry.item.is_pinned)

    def shown_entries(self, layout: str) -> tuple[NavEntry, ...]:
        """The places in the menu itself; on top of a page there is room for a few, the rest is behind “Mehr”."""
        few = layout in MENU_ON_TOP and len(self.entries) > MOST_ON_TOP
        return self.entries[: MOST_ON_TOP - 1] if few else self.entries

    @cached_property
    def unread(self) -> int:
        """Number on the bell; nothing when notifications cannot be reached, because the page is more important."""
        ahead: Callable[[], notifications_pb.ListNotificationsResponse] | None = g.get("unread_ahead")
        try:
            return (ahead or _ask_unread())().unread_count
        except grpc.RpcError:
            return 0


def ask_ahead(*, pictures: bool = False) -> None:
    """Begin to ask what the frame will show, for a page that has many questions of its own."""
    g.unread_ahead = _ask_unread()
    if pictures:
        g.pictures_ahead = own_pictures()


def _ask_unread() -> Callable[[], notifications_pb.ListNotificationsResponse]:
    request_ = notifications_pb.ListNotificationsRequest(unread_only=True, page_size=1)
    return gateway.notifications().ListNotifications.future(request_, timeout=1.5).result


def install(app: Flask) -> None:
    """Add functions and filters to the templates."""
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals.update(
        t=i18n.t,
        tn=i18n.tn,
        asset=_asset,
        stars_text=formatting.stars_text,
        decimal=formatting.decimal_text,
        platform_name=PLATFORM_NAME,
        modules=_modules,
    )
    app.jinja_env.filters.update(
        money=formatting.money,
        money_negated=formatting.money_negated,
        moment=formatting.moment_text,
        time=formatting.time_text,
        day=formatting.day_text,
        short_day=formatting.short_day,
        month=formatting.month_text,
        relative_day=formatting.relative_day,
        brief=formatting.brief_moment,
        amount=formatting.euros_input,
        size=formatting.size_text,
        count=formatting.count_text,
        heard=heard,
        line_name=line_name,
        hyphenated=breaking.hyphenated,
        breakable=breaking.breakable,
        initials=formatting.initials,
        monogram=formatting.monogram,
        dialled=dialled,
    )
    app.jinja_env.filters.update({name: getattr(labels, name) for name in LABELS})
    app.jinja_env.filters.update({name: getattr(scan_labels, name) for name in SCAN_LABELS})
    app.jinja_env.filters.update(binder_state=binder_labels.binder_state, sheets_text=binder_labels.sheets_text)
    app.jinja_env.filters.update({name: getattr(usage_views, name) for name in usage_views.USAGE_LABELS})
    app.context_processor(_frame)


def _asset(name: str) -> str:
    return portal().assets.url(name)


def _modules() -> tuple[str, ...]:
    return portal().assets.modules


def _frame() -> dict[str, object]:
    session: Session | None = g.get("preview_session") or current_session()
    firm = current_firm()
    shell = None if session is None else Shell(session, request.path, firm)
    return {
        "shell": shell,
        "firm": firm,
        "layout": _layout(session, firm),
        "theme": request.cookies.get(THEME_COOKIE, "") if request.cookies.get(THEME_COOKIE) in THEMES else "",
        "language": i18n.language(),
        "path": request.full_path.rstrip("?"),
    }


def _layout(session: Session | None, firm: FirmLook) -> str:
    """Return the firm's base layout for its customers and visitors; those who work here have the one for work."""
    return firm.layout if session is None or session.customer_id else "classic"
