"""All areas of the portal, one blueprint each."""

from __future__ import annotations

from flask import Blueprint

from kontor_portal.views.auth import auth
from kontor_portal.views.customer_contracts import customer_contracts
from kontor_portal.views.customer_home import customer_home
from kontor_portal.views.static import static

AREAS: tuple[Blueprint, ...] = (static, auth, customer_home, customer_contracts)
