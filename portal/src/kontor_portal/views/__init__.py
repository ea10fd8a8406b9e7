"""All areas of the portal, one blueprint each."""

from __future__ import annotations

from flask import Blueprint

from kontor_portal.views.account import account
from kontor_portal.views.auth import auth
from kontor_portal.views.customer_chat import customer_chat
from kontor_portal.views.customer_consents import customer_consents
from kontor_portal.views.customer_contracts import customer_contracts
from kontor_portal.views.customer_document import customer_document
from kontor_portal.views.customer_documents import customer_documents
from kontor_portal.views.customer_home import customer_home
from kontor_portal.views.customer_invoices import customer_invoices
from kontor_portal.views.customer_profile import customer_profile
from kontor_portal.views.customer_service import customer_service
from kontor_portal.views.static import static

AREAS: tuple[Blueprint, ...] = (
    static,
    auth,
    account,
    customer_home,
    customer_contracts,
    customer_documents,
    customer_document,
    customer_chat,
    customer_service,
    customer_invoices,
    customer_consents,
    customer_profile,
)
