"""In which language people are written to."""

from __future__ import annotations

import grpc
import pytest
from kontor.identity.v1 import account_security_pb2 as pb
from kontor.identity.v1 import internal_pb2
from kontor.identity.v1.people_pb2 import AddressForm, Salutation
from kontor_identity.names import greeting_in

from services.identity.tests.customer_office import known_customer
from services.identity.tests.identity_office import Identity

pytestmark = pytest.mark.integration


async def test_who_chose_english_is_written_to_in_english(identity: Identity) -> None:
    """NOT: language and greeting come with the person, wherever others ask about him; everybody begins in German."""
    julia = await known_customer(identity, salutation=Salutation.SALUTATION_FRAU)
    internal = identity.internal("notifications", julia.tenant_id)
    profile_of = internal_pb2.GetCustomerProfileRequest(tenant_id=str(julia.tenant_id), customer_id=julia.cid)
    recipients = internal_pb2.BatchGetRecipientsRequest(
        account_ids=[str(julia.account_id)], tenant_id=str(julia.tenant_id)
    )
    before = await internal.GetCustomer(profile_of)
    assert (before.language, before.letter_greeting) == ("de", "Sehr geehrte Frau Brandt")
    security = identity.account_security(julia.token())
    for language, greeting in (("en", "Dear Ms Brandt"), ("de", "Sehr geehrte Frau Brandt")):
        assert (await security.SetMailLanguage(pb.SetMailLanguageRequest(language=language))).language == language
        profile = await internal.GetCustomer(profile_of)
        [recipient] = (await internal.BatchGetRecipients(recipients)).recipients
        assert (profile.language, profile.letter_greeting) == (language, greeting)
        assert (recipient.language, recipient.letter_greeting) == (language, greeting)
    with pytest.raises(grpc.aio.AioRpcError, match="INVALID_ARGUMENT"):
        await security.SetMailLanguage(pb.SetMailLanguageRequest(language="fr"))


@pytest.mark.parametrize(
    ("form", "salutation", "title", "greeting"),
    [
        (AddressForm.ADDRESS_FORM_SIE, Salutation.SALUTATION_HERR, "", "Dear Mr Brandt"),
        (AddressForm.ADDRESS_FORM_SIE, Salutation.SALUTATION_FRAU, "Dr.", "Dear Dr. Brandt"),
        (AddressForm.ADDRESS_FORM_SIE, Salutation.SALUTATION_FAMILIE, "Dr.", "Dear Family Brandt"),
        (AddressForm.ADDRESS_FORM_SIE, Salutation.SALUTATION_FIRMA, "", "Dear Sir or Madam"),
        (AddressForm.ADDRESS_FORM_SIE, Salutation.SALUTATION_UNSPECIFIED, "", "Dear Julia Brandt"),
        (AddressForm.ADDRESS_FORM_DU, Salutation.SALUTATION_FRAU, "Dr.", "Dear Julia"),
    ],
)
def test_english_greetings(
    form: AddressForm.ValueType, salutation: Salutation.ValueType, title: str, greeting: str
) -> None:
    """F172: English has no Sie and Du, but first names and titles."""
    assert greeting_in("en", form, salutation, title, "Julia", "Brandt") == greeting
