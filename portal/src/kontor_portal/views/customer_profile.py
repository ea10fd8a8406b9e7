"""The settings of a customer's account. His data are in `customer_data`."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from kontor_portal.views.account import account_settings

customer_profile = Blueprint("customer_profile", __name__)


@customer_profile.get("/kunde/profil")
def profile() -> ResponseReturnValue:
    """Show the settings."""
    return render_template("customer/profile.html", account=account_settings())
