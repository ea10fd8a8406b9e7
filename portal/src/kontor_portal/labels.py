"""What values of the platform are called on pages, and in which tone a badge says it."""

from __future__ import annotations

from dataclasses import dataclass

from kontor.billing.v1 import billing_pb2, prices_pb2
from kontor.common.v1 import access_pb2
from kontor.contracts.v1 import contracts_pb2
from kontor.experts.v1 import catalogue_pb2, orders_pb2
from kontor.identity.v1 import account_security_pb2 as security_pb2
from kontor.identity.v1 import firms_pb2, households_pb2, master_data_pb2, people_pb2, tenants_pb2
from kontor.vault.v1 import vault_pb2

from kontor_portal.i18n import t


@dataclass(frozen=True)
class Label:
    """A word with its tone: "", `ok`, `warn`, `bad`, `info` or `brand`."""

    text: str
    tone: str = ""


def contract_status(value: contracts_pb2.ContractStatus.ValueType) -> Label:
    """Return what a contract's status is called."""
    return {
        contracts_pb2.CONTRACT_STATUS_ACTIVE: Label(t("Aktiv"), "ok"),
        contracts_pb2.CONTRACT_STATUS_PREMIUM_FREE: Label(t("Beitragsfrei"), "ok"),
        contracts_pb2.CONTRACT_STATUS_SUSPENDED: Label(t("Ruhend"), "warn"),
        contracts_pb2.CONTRACT_STATUS_ENDED: Label(t("Beendet")),
        contracts_pb2.CONTRACT_STATUS_START: Label(t("Wird geprüft"), "info"),
        contracts_pb2.CONTRACT_STATUS_OFFER: Label(t("Angebot"), "brand"),
    }.get(value, Label(t("Unbekannt")))


def payment_interval(value: contracts_pb2.PaymentInterval.ValueType) -> str:
    """Return how often a premium is paid."""
    return {
        contracts_pb2.PAYMENT_INTERVAL_YEARLY: t("jährlich"),
        contracts_pb2.PAYMENT_INTERVAL_HALF_YEARLY: t("halbjährlich"),
        contracts_pb2.PAYMENT_INTERVAL_QUARTERLY: t("vierteljährlich"),
        contracts_pb2.PAYMENT_INTERVAL_MONTHLY: t("monatlich"),
        contracts_pb2.PAYMENT_INTERVAL_SINGLE: t("einmalig"),
        contracts_pb2.PAYMENT_INTERVAL_NONE: t("kein Beitrag"),
    }.get(value, "")


_LINE_ICONS = (
    ("car", ("kfz", "kasko", "kraftfahrt", "auto", "fahrzeug", "motorrad")),
    ("scales", ("rechtsschutz",)),
    ("shield", ("haftpflicht", "cyber", "schutzbrief")),
    ("house", ("hausrat", "wohngebäude", "gebäude", "glas", "sach", "feuer", "wohn")),
    ("heart", ("kranken", "pflege", "zahn", "gesundheit")),
    ("piggy", ("leben", "rente", "vorsorge", "berufsunfähigkeit", "riester", "spar")),
    ("plane", ("reise", "gepäck")),
    ("umbrella", ("unfall",)),
    ("briefcase", ("betrieb", "gewerbe", "firmen", "technisch", "transport")),
)


def line_icon(name: str) -> str:
    """Return the icon of a line of business by the words in its name."""
    plain = name.lower()
    return next((icon for icon, words in _LINE_ICONS if any(word in plain for word in words)), "contract")


def document_kind(value: vault_pb2.DocumentKind.ValueType) -> str:
    """Return what kind of document it is (F146, F147)."""
    return {
        vault_pb2.DOCUMENT_KIND_POLICY: t("Versicherungsschein"),
        vault_pb2.DOCUMENT_KIND_ADDENDUM: t("Nachtrag"),
        vault_pb2.DOCUMENT_KIND_CERTIFICATE: t("Bescheinigung"),
        vault_pb2.DOCUMENT_KIND_TERMS: t("Bedingungen"),
        vault_pb2.DOCUMENT_KIND_INVOICE: t("Rechnung"),
        vault_pb2.DOCUMENT_KIND_BENEFIT_STATEMENT: t("Leistungsabrechnung"),
        vault_pb2.DOCUMENT_KIND_CORRESPONDENCE: t("Schriftwechsel"),
    }.get(value, t("Sonstiges"))


def kind_icon(value: vault_pb2.DocumentKind.ValueType) -> str:
    """Return the icon of a kind of document (F147)."""
    return {
        vault_pb2.DOCUMENT_KIND_POLICY: "shield",
        vault_pb2.DOCUMENT_KIND_ADDENDUM: "edit",
        vault_pb2.DOCUMENT_KIND_CERTIFICATE: "check",
        vault_pb2.DOCUMENT_KIND_TERMS: "scales",
        vault_pb2.DOCUMENT_KIND_INVOICE: "receipt",
        vault_pb2.DOCUMENT_KIND_BENEFIT_STATEMENT: "euro",
        vault_pb2.DOCUMENT_KIND_CORRESPONDENCE: "mail",
    }.get(value, "file")


def file_kind(media_type: str) -> str:
    """Return which of the file icons fits a media type."""
    if media_type == "application/pdf":
        return "pdf"
    if media_type.startswith("image/"):
        return "image"
    return "table" if "sheet" in media_type or "csv" in media_type or "excel" in media_type else "other"


def agreement_state(value: billing_pb2.AgreementState.ValueType) -> Label:
    """Return where a service agreement stands."""
    return {
        billing_pb2.AGREEMENT_STATE_ACTIVE: Label(t("Aktiv"), "ok"),
        billing_pb2.AGREEMENT_STATE_CANCELLED: Label(t("Gekündigt"), "warn"),
        billing_pb2.AGREEMENT_STATE_WITHDRAWN: Label(t("Widerrufen")),
        billing_pb2.AGREEMENT_STATE_ENDED: Label(t("Beendet")),
    }.get(value, Label(t("Unbekannt")))


def tier(value: prices_pb2.Tier.ValueType) -> str:
    """Return the name of a service tier."""
    return {prices_pb2.TIER_1: t("Stufe 1"), prices_pb2.TIER_2: t("Stufe 2"), prices_pb2.TIER_3: t("Stufe 3")}.get(
        value, ""
    )


def tax(amount: prices_pb2.TaxAmount) -> str:
    """Return the name of a tax with its rate."""
    percent = f"{amount.rate_basis_points / 100:g}".replace(".", ",")
    if amount.kind == prices_pb2.TAX_KIND_VAT:
        return t("Umsatzsteuer %(percent)s %%", percent=percent)
    if amount.kind == prices_pb2.TAX_KIND_INSURANCE_TAX:
        return t("Versicherungsteuer %(percent)s %%", percent=percent)
    return t("Ohne Steuer")


def ledger_account(value: billing_pb2.LedgerAccount.ValueType) -> str:
    """Return the name of an account of the ledger."""
    return {
        billing_pb2.LEDGER_ACCOUNT_CUSTOMER_RECEIVABLE: t("Forderung an den Kunden"),
        billing_pb2.LEDGER_ACCOUNT_BROKER_PAYABLE: t("Ihr Anteil"),
        billing_pb2.LEDGER_ACCOUNT_POOL_REVENUE: t("Anteil der Plattform"),
        billing_pb2.LEDGER_ACCOUNT_VAT_PAYABLE: t("Umsatzsteuer"),
        billing_pb2.LEDGER_ACCOUNT_INSURANCE_TAX_PAYABLE: t("Versicherungsteuer"),
        billing_pb2.LEDGER_ACCOUNT_BANK: t("Zahlungseingang"),
        billing_pb2.LEDGER_ACCOUNT_DUNNING_FEES: t("Mahngebühr"),
    }.get(value, t("Konto"))


def category(value: catalogue_pb2.Category.ValueType) -> str:
    """Return the name of a category of the expert network (F107)."""
    return {
        catalogue_pb2.CATEGORY_CAR: t("Kfz"),
        catalogue_pb2.CATEGORY_PRIVATE_PROPERTY: t("Private Sachversicherung"),
        catalogue_pb2.CATEGORY_COMMERCIAL: t("Gewerbe"),
        catalogue_pb2.CATEGORY_HEALTH: t("Krankenversicherung"),
        catalogue_pb2.CATEGORY_FINANCING: t("Finanzierung"),
        catalogue_pb2.CATEGORY_PENSION_BIOMETRIC: t("Vorsorge und Biometrie"),
        catalogue_pb2.CATEGORY_INVESTMENT: t("Kapitalanlage"),
        catalogue_pb2.CATEGORY_COMPANY_PENSION: t("Betriebliche Altersversorgung"),
        catalogue_pb2.CATEGORY_NET_PAY_OPTIMISATION: t("Nettolohnoptimierung"),
    }.get(value, t("Alle Bereiche"))


def customer_field(value: catalogue_pb2.CustomerField.ValueType) -> str:
    """Return what a field of the customer's record is called."""
    return {
        catalogue_pb2.CUSTOMER_FIELD_NAME: t("Name"),
        catalogue_pb2.CUSTOMER_FIELD_ADDRESS: t("Anschrift"),
        catalogue_pb2.CUSTOMER_FIELD_EMAIL: t("E-Mail-Adresse"),
        catalogue_pb2.CUSTOMER_FIELD_PHONE: t("Telefonnummer"),
        catalogue_pb2.CUSTOMER_FIELD_BIRTH_DATE: t("Geburtsdatum"),
    }.get(value, t("Angabe"))


def service_state(value: catalogue_pb2.ServiceState.ValueType) -> Label:
    """Return where a listing stands (F102)."""
    return {
        catalogue_pb2.SERVICE_STATE_DRAFT: Label(t("Entwurf")),
        catalogue_pb2.SERVICE_STATE_SUBMITTED: Label(t("In Prüfung"), "info"),
        catalogue_pb2.SERVICE_STATE_PUBLISHED: Label(t("Veröffentlicht"), "ok"),
        catalogue_pb2.SERVICE_STATE_REJECTED: Label(t("Zurückgegeben"), "bad"),
    }.get(value, Label(t("Unbekannt")))


def order_state(value: orders_pb2.OrderState.ValueType) -> Label:
    """Return where an order stands."""
    return {
        orders_pb2.ORDER_STATE_DRAFT: Label(t("Entwurf")),
        orders_pb2.ORDER_STATE_CONSENT_REQUESTED: Label(t("Wartet auf Einwilligung"), "warn"),
        orders_pb2.ORDER_STATE_CONSENT_GIVEN: Label(t("Einwilligung liegt vor"), "info"),
        orders_pb2.ORDER_STATE_CONSENT_DECLINED: Label(t("Einwilligung abgelehnt"), "bad"),
        orders_pb2.ORDER_STATE_PLACED: Label(t("Bestellt"), "brand"),
        orders_pb2.ORDER_STATE_IN_PROGRESS: Label(t("In Arbeit"), "info"),
        orders_pb2.ORDER_STATE_COMPLETED: Label(t("Abgeschlossen"), "ok"),
        orders_pb2.ORDER_STATE_CANCELLED: Label(t("Storniert"), "bad"),
    }.get(value, Label(t("Unbekannt")))


def order_step(value: orders_pb2.OrderStep.ValueType) -> str:
    """Return what happened in a step of an order's history (F122)."""
    return {
        orders_pb2.ORDER_STEP_CREATED: t("Entwurf angelegt"),
        orders_pb2.ORDER_STEP_EDITED: t("Entwurf geändert"),
        orders_pb2.ORDER_STEP_CONSENT_REQUESTED: t("Kunde um Einwilligung gebeten"),
        orders_pb2.ORDER_STEP_CONSENT_GIVEN: t("Kunde hat eingewilligt"),
        orders_pb2.ORDER_STEP_CONSENT_DECLINED: t("Kunde hat abgelehnt"),
        orders_pb2.ORDER_STEP_PLACED: t("Verbindlich bestellt"),
        orders_pb2.ORDER_STEP_STARTED: t("Experte hat begonnen"),
        orders_pb2.ORDER_STEP_COMPLETED: t("Abgeschlossen"),
        orders_pb2.ORDER_STEP_CANCELLED: t("Vom Experten storniert"),
        orders_pb2.ORDER_STEP_MESSAGE_SENT: t("Nachricht geschrieben"),
        orders_pb2.ORDER_STEP_RATED: t("Bewertet"),
    }.get(value, t("Schritt"))


def consent_state(value: orders_pb2.ConsentState.ValueType) -> Label:
    """Return where a consent request stands, as its customer reads it."""
    return {
        orders_pb2.CONSENT_STATE_REQUESTED: Label(t("Wartet auf Ihre Antwort", du="Wartet auf deine Antwort"), "warn"),
        orders_pb2.CONSENT_STATE_GIVEN: Label(t("Zugestimmt"), "ok"),
        orders_pb2.CONSENT_STATE_DECLINED: Label(t("Abgelehnt")),
        orders_pb2.CONSENT_STATE_LAPSED: Label(t("Nicht mehr gültig")),
    }.get(value, Label(t("Unbekannt")))


def access_state(value: people_pb2.AccessState.ValueType) -> Label:
    """Return whether a customer can sign in."""
    return {
        people_pb2.ACCESS_STATE_INVITED: Label(t("Eingeladen"), "info"),
        people_pb2.ACCESS_STATE_ACTIVE: Label(t("Zugang aktiv"), "ok"),
    }.get(value, Label(t("Ohne Zugang")))


def tenant_state(value: tenants_pb2.TenantState.ValueType) -> Label:
    """Return where a firm stands."""
    return {
        tenants_pb2.TENANT_STATE_WAITING: Label(t("Auf der Warteliste"), "warn"),
        tenants_pb2.TENANT_STATE_TRIAL: Label(t("Testzeitraum"), "info"),
        tenants_pb2.TENANT_STATE_ACTIVE: Label(t("Aktiv"), "ok"),
        tenants_pb2.TENANT_STATE_SUSPENDED: Label(t("Test beendet"), "bad"),
        tenants_pb2.TENANT_STATE_DELETED: Label(t("Gelöscht")),
    }.get(value, Label(t("Unbekannt")))


def tenant_kind(value: tenants_pb2.TenantKind.ValueType) -> str:
    """Return what a firm does here."""
    return {
        tenants_pb2.TENANT_KIND_EXPERT: t("Expertenbetrieb"),
        tenants_pb2.TENANT_KIND_ADVISER: t("Versicherungsberatung"),
        tenants_pb2.TENANT_KIND_PLATFORM: t("Plattform"),
    }.get(value, t("Maklerbetrieb"))


def plan(value: firms_pb2.Plan.ValueType) -> str:
    """Return the name of a plan."""
    return {
        firms_pb2.PLAN_PAY_PER_USE: t("Pay-per-Use"),
        firms_pb2.PLAN_PREMIUM_STARTER: t("PREMIUMstarter"),
        firms_pb2.PLAN_PREMIUM: t("PREMIUM"),
    }.get(value, t("ohne Tarif"))


def channel(value: firms_pb2.RegistrationChannel.ValueType) -> str:
    """Return how a registration came in (F48)."""
    return {
        firms_pb2.REGISTRATION_CHANNEL_MAIL: t("per Brief oder E-Mail"),
        firms_pb2.REGISTRATION_CHANNEL_PHONE: t("am Telefon"),
    }.get(value, t("über das Formular"))


def marital_status(value: master_data_pb2.MaritalStatus.ValueType) -> str:
    """Return what a marital status is called (F149)."""
    return {
        master_data_pb2.MARITAL_STATUS_SINGLE: t("ledig"),
        master_data_pb2.MARITAL_STATUS_MARRIED: t("verheiratet"),
        master_data_pb2.MARITAL_STATUS_PARTNERSHIP: t("eingetragene Lebenspartnerschaft"),
        master_data_pb2.MARITAL_STATUS_DIVORCED: t("geschieden"),
        master_data_pb2.MARITAL_STATUS_WIDOWED: t("verwitwet"),
        master_data_pb2.MARITAL_STATUS_SEPARATED: t("getrennt lebend"),
    }.get(value, t("keine Angabe"))


def contact_kind(value: master_data_pb2.ContactKind.ValueType) -> str:
    """Return what a kind of contact is called (F155)."""
    return {
        master_data_pb2.CONTACT_KIND_MOBILE: t("Mobil"),
        master_data_pb2.CONTACT_KIND_EMAIL: t("E-Mail"),
        master_data_pb2.CONTACT_KIND_FAX: t("Fax"),
    }.get(value, t("Telefon"))


def edit_mode(value: master_data_pb2.EditMode.ValueType) -> str:
    """Return how customers may change something (decision 1)."""
    return {
        master_data_pb2.EDIT_MODE_REQUEST: t("auf Anfrage"),
        master_data_pb2.EDIT_MODE_OFF: t("gar nicht"),
    }.get(value, t("direkt"))


def field_group(value: master_data_pb2.FieldGroup.ValueType) -> str:
    """Return what a group of fields is called."""
    return {
        master_data_pb2.FIELD_GROUP_PERSON: t("Person"),
        master_data_pb2.FIELD_GROUP_ADDRESS: t("Anschrift"),
        master_data_pb2.FIELD_GROUP_CONTACT: t("Kontakt"),
    }.get(value, t("Bankverbindung"))


def changed_field(name: str) -> str:
    """Return what a field in the history is called."""
    return {
        "family_name": t("Nachname"),
        "given_name": t("Vorname"),
        "title": t("Titel"),
        "marital_status": t("Familienstand"),
        "marital_since": t("Familienstand seit"),
        "address": t("Anschrift"),
        "phone": t("Telefonnummer"),
        "email": t("E-Mail-Adresse"),
        "contact": t("Kontakt"),
        "bank_account": t("Bankverbindung"),
        "commission_account": t("Provisionskonto"),
        "birth_date": t("Geburtsdatum"),
    }.get(name, t("Angabe"))


def standing(value: households_pb2.Standing.ValueType) -> str:
    """Return what a person is in a household."""
    return {
        households_pb2.STANDING_INSURED: t("mitversichert"),
        households_pb2.STANDING_GUARDIAN: t("handelt für den Inhaber"),
    }.get(value, t("Kontoinhaber"))


def role(value: access_pb2.Role.ValueType) -> str:
    """Return what a role is called."""
    return {
        access_pb2.ROLE_CUSTOMER: t("Kunde"),
        access_pb2.ROLE_STAFF: t("Mitarbeiter"),
        access_pb2.ROLE_ADMINISTRATOR: t("Administrator"),
        access_pb2.ROLE_EXPERT: t("Experte"),
        access_pb2.ROLE_NETWORK: t("Netzwerkorganisation"),
        access_pb2.ROLE_OPERATOR: t("Plattformbetrieb"),
        access_pb2.ROLE_SCAN_CENTRE: t("Scan-Zentrum"),
        access_pb2.ROLE_TRUSTED_PERSON: t("Vertrauensperson"),
        access_pb2.ROLE_INSURED_PERSON: t("Mitversicherte Person"),
    }.get(value, "")


def right(value: access_pb2.Right.ValueType) -> str:
    """Return what a right is called (F194)."""
    return {
        access_pb2.RIGHT_CHAT: t("Nachrichten"),
        access_pb2.RIGHT_BILLING: t("Preise und Rechnungen"),
        access_pb2.RIGHT_INVITE: t("Kunden einladen"),
        access_pb2.RIGHT_EXPORT: t("Bestand einlesen und ausgeben"),
        access_pb2.RIGHT_ORDER: t("Experten beauftragen"),
        access_pb2.RIGHT_IDENTIFY: t("Identität bestätigen"),
    }.get(value, "")


def device(name: str) -> str:
    """Return what a browser and its system are called, which is kept in German: “Firefox auf Windows”."""
    browser, known, system = name.partition(" auf ")
    if known:
        return t("%(browser)s auf %(system)s", browser=browser, system=system)
    return t("Unbekanntes Gerät") if name in ("", "Unbekanntes Gerät") else name


def salutation(value: people_pb2.Salutation.ValueType) -> str:
    """Return the salutation of a person or household."""
    return {
        people_pb2.SALUTATION_HERR: t("Herr"),
        people_pb2.SALUTATION_FRAU: t("Frau"),
        people_pb2.SALUTATION_FAMILIE: t("Familie"),
        people_pb2.SALUTATION_FIRMA: t("Firma"),
    }.get(value, "")


def account_event(value: security_pb2.AccountEventKind.ValueType) -> str:
    """Return what happened to an account's security."""
    return {
        security_pb2.ACCOUNT_EVENT_KIND_SIGNED_IN: t("Angemeldet"),
        security_pb2.ACCOUNT_EVENT_KIND_NEW_DEVICE: t("Auf einem neuen Gerät angemeldet"),
        security_pb2.ACCOUNT_EVENT_KIND_PASSWORD_CHANGED: t("Passwort geändert"),
        security_pb2.ACCOUNT_EVENT_KIND_EMAIL_CHANGE_REQUESTED: t("Neue E-Mail-Adresse angefordert"),
        security_pb2.ACCOUNT_EVENT_KIND_EMAIL_CHANGE_CANCELLED: t("Neue E-Mail-Adresse zurückgenommen"),
        security_pb2.ACCOUNT_EVENT_KIND_EMAIL_CHANGED: t("E-Mail-Adresse geändert"),
        security_pb2.ACCOUNT_EVENT_KIND_SECOND_FACTOR_ENABLED: t("Zweiten Faktor eingerichtet"),
        security_pb2.ACCOUNT_EVENT_KIND_SECOND_FACTOR_DISABLED: t("Zweiten Faktor ausgeschaltet"),
        security_pb2.ACCOUNT_EVENT_KIND_RECOVERY_CODES_RENEWED: t("Wiederherstellungscodes ersetzt"),
        security_pb2.ACCOUNT_EVENT_KIND_RECOVERY_CODE_USED: t("Mit einem Wiederherstellungscode angemeldet"),
        security_pb2.ACCOUNT_EVENT_KIND_PASSKEY_ADDED: t("Passkey eingerichtet"),
        security_pb2.ACCOUNT_EVENT_KIND_PASSKEY_REMOVED: t("Passkey entfernt"),
        security_pb2.ACCOUNT_EVENT_KIND_SESSIONS_ENDED: t("Alle anderen Geräte abgemeldet"),
    }.get(value, t("Unbekannt"))
