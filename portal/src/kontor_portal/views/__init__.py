"""All areas of the portal, one blueprint each."""

from __future__ import annotations

from flask import Blueprint

from kontor_portal.views.account import account
from kontor_portal.views.account_bindings import account_bindings
from kontor_portal.views.account_changes import account_changes
from kontor_portal.views.account_security import account_security
from kontor_portal.views.api_pages import api_pages
from kontor_portal.views.app_shell import app_shell
from kontor_portal.views.auth import auth
from kontor_portal.views.binder_pages import binder_pages
from kontor_portal.views.broker_address import broker_address
from kontor_portal.views.broker_brand import broker_brand
from kontor_portal.views.broker_brand_preview import broker_brand_preview
from kontor_portal.views.broker_catalogue import broker_catalogue
from kontor_portal.views.broker_chat import broker_chat
from kontor_portal.views.broker_customer import broker_customer
from kontor_portal.views.broker_customer_parts import broker_customer_parts
from kontor_portal.views.broker_customers import broker_customers
from kontor_portal.views.broker_document import broker_document
from kontor_portal.views.broker_firm import broker_firm
from kontor_portal.views.broker_firm_life import broker_firm_life
from kontor_portal.views.broker_home import broker_home
from kontor_portal.views.broker_identity import broker_identity
from kontor_portal.views.broker_invitations import broker_invitations
from kontor_portal.views.broker_orders import broker_orders
from kontor_portal.views.broker_partners import broker_partners
from kontor_portal.views.broker_portfolio import broker_portfolio
from kontor_portal.views.broker_prices import broker_prices
from kontor_portal.views.broker_receivables import broker_receivables
from kontor_portal.views.broker_release import broker_release
from kontor_portal.views.broker_requests import broker_requests
from kontor_portal.views.broker_retention import broker_retention
from kontor_portal.views.broker_staff import broker_staff
from kontor_portal.views.broker_usage_prices import broker_usage_prices
from kontor_portal.views.customer_bank import customer_bank
from kontor_portal.views.customer_chat import customer_chat
from kontor_portal.views.customer_consents import customer_consents
from kontor_portal.views.customer_contact import customer_contact
from kontor_portal.views.customer_contracts import customer_contracts
from kontor_portal.views.customer_data import customer_data
from kontor_portal.views.customer_deletion import customer_deletion
from kontor_portal.views.customer_document import customer_document
from kontor_portal.views.customer_documents import customer_documents
from kontor_portal.views.customer_emergency import customer_emergency
from kontor_portal.views.customer_emergency_folder import customer_emergency_folder
from kontor_portal.views.customer_entries import customer_entries
from kontor_portal.views.customer_epost import customer_epost
from kontor_portal.views.customer_export import customer_export
from kontor_portal.views.customer_filing import customer_filing
from kontor_portal.views.customer_grants import customer_grants
from kontor_portal.views.customer_home import customer_home
from kontor_portal.views.customer_identity import customer_identity
from kontor_portal.views.customer_import import customer_import
from kontor_portal.views.customer_invoices import customer_invoices
from kontor_portal.views.customer_papers import customer_papers
from kontor_portal.views.customer_pictures import customer_pictures
from kontor_portal.views.customer_profile import customer_profile
from kontor_portal.views.customer_service import customer_service
from kontor_portal.views.customer_sightings import customer_sightings
from kontor_portal.views.customer_storage import customer_storage
from kontor_portal.views.customer_views import customer_views
from kontor_portal.views.directory import directory
from kontor_portal.views.emergency_links import emergency_links
from kontor_portal.views.expert_orders import expert_orders
from kontor_portal.views.expert_services import expert_services
from kontor_portal.views.firm_invoices import firm_invoices
from kontor_portal.views.firm_pages import firm_pages
from kontor_portal.views.firm_payments import firm_payments
from kontor_portal.views.help_pages import help_pages
from kontor_portal.views.mail_pages import mail_pages
from kontor_portal.views.network_pages import network_pages
from kontor_portal.views.operator_face import operator_face
from kontor_portal.views.operator_firms import operator_firms
from kontor_portal.views.operator_keeping import operator_keeping
from kontor_portal.views.operator_pages import operator_pages
from kontor_portal.views.post_pages import post_pages
from kontor_portal.views.public import public
from kontor_portal.views.raffle_pages import raffle_pages
from kontor_portal.views.scan_binders import scan_binders
from kontor_portal.views.scan_centre import scan_centre
from kontor_portal.views.search import search
from kontor_portal.views.security_pages import security_pages
from kontor_portal.views.shared_pages import shared_pages
from kontor_portal.views.static import static
from kontor_portal.views.trusted_pages import trusted_pages
from kontor_portal.views.trusted_plan import trusted_plan

AREAS: tuple[Blueprint, ...] = (
    static,
    app_shell,
    public,
    firm_invoices,
    firm_payments,
    firm_pages,
    directory,
    api_pages,
    auth,
    account,
    account_security,
    account_changes,
    account_bindings,
    search,
    customer_home,
    customer_contact,
    customer_views,
    customer_pictures,
    customer_contracts,
    customer_entries,
    customer_documents,
    customer_papers,
    customer_filing,
    customer_document,
    customer_export,
    customer_grants,
    security_pages,
    shared_pages,
    customer_sightings,
    customer_chat,
    customer_service,
    customer_storage,
    customer_import,
    customer_invoices,
    customer_consents,
    customer_emergency,
    customer_emergency_folder,
    customer_profile,
    customer_data,
    customer_bank,
    customer_identity,
    customer_epost,
    customer_deletion,
    broker_home,
    broker_customers,
    broker_customer,
    broker_customer_parts,
    broker_portfolio,
    broker_release,
    broker_invitations,
    broker_partners,
    broker_brand,
    broker_brand_preview,
    broker_address,
    broker_prices,
    broker_usage_prices,
    broker_chat,
    broker_catalogue,
    broker_orders,
    broker_document,
    broker_firm,
    broker_firm_life,
    broker_retention,
    broker_staff,
    broker_receivables,
    broker_requests,
    broker_identity,
    expert_orders,
    expert_services,
    network_pages,
    post_pages,
    binder_pages,
    mail_pages,
    scan_centre,
    scan_binders,
    operator_firms,
    operator_face,
    operator_keeping,
    operator_pages,
    raffle_pages,
    trusted_pages,
    trusted_plan,
    emergency_links,
    help_pages,
)
