"""Calls to the platform: always through the gateway, always with the visitor's own token."""

from __future__ import annotations

import uuid

from kontor.billing.v1.billing_pb2_grpc import BillingServiceStub
from kontor.billing.v1.firm_invoices_pb2_grpc import FirmInvoiceServiceStub
from kontor.billing.v1.firm_payments_pb2_grpc import FirmPaymentServiceStub
from kontor.billing.v1.receivables_pb2_grpc import ReceivablesServiceStub
from kontor.billing.v1.storage_pb2_grpc import StorageServiceStub
from kontor.billing.v1.usage_pb2_grpc import UsageServiceStub
from kontor.chat.v1.chat_pb2_grpc import ChatServiceStub
from kontor.contracts.v1.contracts_pb2_grpc import ContractsServiceStub
from kontor.experts.v1.experts_pb2_grpc import ExpertsServiceStub
from kontor.identity.v1.account_security_pb2_grpc import AccountSecurityServiceStub
from kontor.identity.v1.bindings_pb2_grpc import BindingServiceStub
from kontor.identity.v1.brand_pb2_grpc import BrandServiceStub
from kontor.identity.v1.customer_deletions_pb2_grpc import CustomerDeletionServiceStub
from kontor.identity.v1.emergency_pb2_grpc import EmergencyAccessServiceStub
from kontor.identity.v1.epost_pb2_grpc import EPostServiceStub
from kontor.identity.v1.firms_pb2_grpc import FirmServiceStub
from kontor.identity.v1.households_pb2_grpc import HouseholdServiceStub
from kontor.identity.v1.identity_pb2_grpc import IdentityServiceStub
from kontor.identity.v1.identity_proofs_pb2_grpc import IdentityProofServiceStub
from kontor.identity.v1.invitations_pb2_grpc import InvitationServiceStub
from kontor.identity.v1.master_data_pb2_grpc import MasterDataServiceStub
from kontor.identity.v1.partner_clients_pb2_grpc import PartnerClientServiceStub
from kontor.identity.v1.raffles_pb2_grpc import RaffleServiceStub
from kontor.identity.v1.staff_pb2_grpc import StaffServiceStub
from kontor.identity.v1.viewing_pb2_grpc import ViewingServiceStub
from kontor.notifications.v1.notifications_pb2_grpc import NotificationsServiceStub
from kontor.vault.v1.binders_pb2_grpc import BinderCentreServiceStub, BinderServiceStub
from kontor.vault.v1.deliveries_pb2_grpc import DeliveryServiceStub
from kontor.vault.v1.emergency_folder_pb2_grpc import EmergencyFolderServiceStub
from kontor.vault.v1.exports_pb2_grpc import ExportServiceStub
from kontor.vault.v1.filing_pb2_grpc import FilingServiceStub
from kontor.vault.v1.firm_storage_pb2_grpc import FirmStorageServiceStub
from kontor.vault.v1.imports_pb2_grpc import ImportServiceStub
from kontor.vault.v1.keeping_pb2_grpc import KeepingServiceStub
from kontor.vault.v1.mail_in_pb2_grpc import MailInServiceStub
from kontor.vault.v1.originals_pb2_grpc import OriginalServiceStub
from kontor.vault.v1.retention_pb2_grpc import RetentionServiceStub
from kontor.vault.v1.scan_centre_pb2_grpc import ScanCentreServiceStub
from kontor.vault.v1.scan_sheets_pb2_grpc import ScanSheetServiceStub
from kontor.vault.v1.search_pb2_grpc import SearchServiceStub
from kontor.vault.v1.sharing_pb2_grpc import SharingServiceStub
from kontor.vault.v1.vault_pb2_grpc import VaultServiceStub
from kontor_chassis.edge import current_edge

_GATEWAY = "gateway"


def identity(token: str | None = None) -> IdentityServiceStub:
    """Return identity's stub; `token` replaces the visitor's (right after signing in, or "" for a public page)."""
    own = None if token is None else (lambda: token)
    return current_edge().stub(_GATEWAY, IdentityServiceStub, token=own)


def account_security() -> AccountSecurityServiceStub:
    """Return the stub for the security of one's own account."""
    return current_edge().stub(_GATEWAY, AccountSecurityServiceStub)


def partner_clients() -> PartnerClientServiceStub:
    """Return the stub for the firm's partner systems."""
    return current_edge().stub(_GATEWAY, PartnerClientServiceStub)


def brands(*, signed_in: bool = True) -> BrandServiceStub:
    """Return the stub of the firms' faces; for a page that anybody may see, without the visitor's token."""
    return current_edge().stub(_GATEWAY, BrandServiceStub, token=None if signed_in else (lambda: ""))


def firms(token: str | None = None) -> FirmServiceStub:
    """Return the stub for the life of firms; `token` as for identity."""
    own = None if token is None else (lambda: token)
    return current_edge().stub(_GATEWAY, FirmServiceStub, token=own)


def emergency(token: str | None = None) -> EmergencyAccessServiceStub:
    """Return the stub of emergency access; `token` as for identity."""
    own = None if token is None else (lambda: token)
    return current_edge().stub(_GATEWAY, EmergencyAccessServiceStub, token=own)


def emergency_folder() -> EmergencyFolderServiceStub:
    """Return the stub of the emergency folder."""
    return current_edge().stub(_GATEWAY, EmergencyFolderServiceStub)


def viewing() -> ViewingServiceStub:
    """Return the stub for views as a customer, and for his own pictures."""
    return current_edge().stub(_GATEWAY, ViewingServiceStub)


def invitations() -> InvitationServiceStub:
    """Return the stub for inviting customers in bulk and by letter."""
    return current_edge().stub(_GATEWAY, InvitationServiceStub)


def bindings() -> BindingServiceStub:
    """Return the stub for binding an account to a further firm."""
    return current_edge().stub(_GATEWAY, BindingServiceStub)


def staff() -> StaffServiceStub:
    """Return the stub for the working life of staff."""
    return current_edge().stub(_GATEWAY, StaffServiceStub)


def households() -> HouseholdServiceStub:
    """Return the stub for the people of a household."""
    return current_edge().stub(_GATEWAY, HouseholdServiceStub)


def master_data() -> MasterDataServiceStub:
    """Return the stub for customers' master data."""
    return current_edge().stub(_GATEWAY, MasterDataServiceStub)


def identity_proofs() -> IdentityProofServiceStub:
    """Return the stub for proving who a customer is."""
    return current_edge().stub(_GATEWAY, IdentityProofServiceStub)


def epost() -> EPostServiceStub:
    """Return the stub for consent to electronic delivery."""
    return current_edge().stub(_GATEWAY, EPostServiceStub)


def customer_deletions() -> CustomerDeletionServiceStub:
    """Return the stub for deleting customers."""
    return current_edge().stub(_GATEWAY, CustomerDeletionServiceStub)


def raffles(*, signed_in: bool = True) -> RaffleServiceStub:
    """Return the stub of raffles; for the protocol, which anybody may see, without the visitor's token."""
    return current_edge().stub(_GATEWAY, RaffleServiceStub, token=None if signed_in else (lambda: ""))


def contracts() -> ContractsServiceStub:
    """Return the stub of contracts."""
    return current_edge().stub(_GATEWAY, ContractsServiceStub)


def vault() -> VaultServiceStub:
    """Return the stub of vault."""
    return current_edge().stub(_GATEWAY, VaultServiceStub)


def sharing() -> SharingServiceStub:
    """Return the stub for what customers share with experts."""
    return current_edge().stub(_GATEWAY, SharingServiceStub)


def deliveries() -> DeliveryServiceStub:
    """Return the stub of vault's deliveries with legal effect."""
    return current_edge().stub(_GATEWAY, DeliveryServiceStub)


def retention() -> RetentionServiceStub:
    """Return the stub of how long documents are kept."""
    return current_edge().stub(_GATEWAY, RetentionServiceStub)


def firm_storage() -> FirmStorageServiceStub:
    """Return the stub of vault's storage of a firm."""
    return current_edge().stub(_GATEWAY, FirmStorageServiceStub)


def exports() -> ExportServiceStub:
    """Return the stub for archives of everything."""
    return current_edge().stub(_GATEWAY, ExportServiceStub)


def imports() -> ImportServiceStub:
    """Return the stub for archives on their way in."""
    return current_edge().stub(_GATEWAY, ImportServiceStub)


def keeping() -> KeepingServiceStub:
    """Return the stub for what rounds through everything stored found."""
    return current_edge().stub(_GATEWAY, KeepingServiceStub)


def filing() -> FilingServiceStub:
    """Return the stub for where papers belong."""
    return current_edge().stub(_GATEWAY, FilingServiceStub)


def document_search() -> SearchServiceStub:
    """Return the stub for finding documents."""
    return current_edge().stub(_GATEWAY, SearchServiceStub)


def scan_sheets() -> ScanSheetServiceStub:
    """Return the stub for separator sheets of paper post."""
    return current_edge().stub(_GATEWAY, ScanSheetServiceStub)


def originals() -> OriginalServiceStub:
    """Return the stub for the paper of scanned documents."""
    return current_edge().stub(_GATEWAY, OriginalServiceStub)


def scan_centre() -> ScanCentreServiceStub:
    """Return the stub of the scan centre's work."""
    return current_edge().stub(_GATEWAY, ScanCentreServiceStub)


def binders() -> BinderServiceStub:
    """Return the stub for paper binders."""
    return current_edge().stub(_GATEWAY, BinderServiceStub)


def binder_centre() -> BinderCentreServiceStub:
    """Return the stub of the scan centre's work on binders."""
    return current_edge().stub(_GATEWAY, BinderCentreServiceStub)


def mail_in() -> MailInServiceStub:
    """Return the stub for papers that come by mail."""
    return current_edge().stub(_GATEWAY, MailInServiceStub)


def billing() -> BillingServiceStub:
    """Return the stub of billing."""
    return current_edge().stub(_GATEWAY, BillingServiceStub)


def receivables() -> ReceivablesServiceStub:
    """Return the stub of billing's open items and payments."""
    return current_edge().stub(_GATEWAY, ReceivablesServiceStub)


def usage() -> UsageServiceStub:
    """Return the stub of what customers use beside their tier."""
    return current_edge().stub(_GATEWAY, UsageServiceStub)


def storage() -> StorageServiceStub:
    """Return the stub of further storage."""
    return current_edge().stub(_GATEWAY, StorageServiceStub)


def firm_invoices() -> FirmInvoiceServiceStub:
    """Return the stub of the platform's invoices to firms."""
    return current_edge().stub(_GATEWAY, FirmInvoiceServiceStub)


def firm_payments() -> FirmPaymentServiceStub:
    """Return the stub of what firms owe and paid on them."""
    return current_edge().stub(_GATEWAY, FirmPaymentServiceStub)


def chat() -> ChatServiceStub:
    """Return the stub of chat."""
    return current_edge().stub(_GATEWAY, ChatServiceStub)


def experts() -> ExpertsServiceStub:
    """Return the stub of experts."""
    return current_edge().stub(_GATEWAY, ExpertsServiceStub)


def notifications() -> NotificationsServiceStub:
    """Return the stub of notifications."""
    return current_edge().stub(_GATEWAY, NotificationsServiceStub)


def new_request_id() -> str:
    """Return the id of a command that is not repeated by a person's double click but only by the network."""
    return str(uuid.uuid4())
