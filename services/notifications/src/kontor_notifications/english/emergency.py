"""What English mails say about emergency access: every step to the customer and to his trusted persons."""

from __future__ import annotations

from collections.abc import Mapping

from kontor_notifications.english.form import english
from kontor_notifications.mail_text import MailText

_STOP = "I am alive – refuse access"
_LOOK = "Look at emergency access"
_ALIVE = (
    "\n\nIf you are well, please refuse the access by the following link; you need not sign in for that. The request "
    "also ends when you sign in, write us a message or store a document."
)
_UNDO = "\n\nIf you do not want this, take the access back at once by the following link."

EMERGENCY: Mapping[str, MailText] = {
    "emergency_request_customer": english(
        "Important: $requester asks for access to your documents",
        "$requester, your trusted person, has asked for emergency access to your documents. Reason: "
        "“$reason”\n\nNothing is released yet: first a second trusted person has to agree, then the waiting period "
        "runs that you have set." + _ALIVE,
        _STOP,
    ),
    "emergency_confirm_customer": english(
        "Important: a further trusted person has agreed",
        "these have now agreed to the request for emergency access to your documents: $supporters. The release comes "
        "on $release." + _ALIVE,
        _STOP,
    ),
    "emergency_wait_customer": english(
        "Important: access to your documents will be released on $release",
        "these have asked for emergency access to your documents: $supporters. Reason: “$reason”\n\nIf we hear nothing "
        "of you until $release, your trusted persons will see the folders that you have chosen for them." + _ALIVE,
        _STOP,
    ),
    "emergency_release_customer": english(
        "Your emergency access is released",
        "the waiting period ended on $release without a sign of life from you. Your trusted persons now see the "
        "folders that you have chosen for them; every look is recorded.$ends" + _UNDO,
        "Take the access back",
    ),
    "emergency_veto_customer": english(
        "The request for emergency access has ended",
        "we have received a sign of life from you. With that the request of $requester has ended, nobody sees your "
        "documents.",
        _LOOK,
    ),
    "emergency_withdraw_customer": english(
        "The request for emergency access is withdrawn",
        "$requester has withdrawn the request for emergency access. Nobody sees your documents.",
        _LOOK,
    ),
    "emergency_lapse_customer": english(
        "The request for emergency access has lapsed",
        "no second trusted person has agreed in time to the request of $requester; it has lapsed, nobody sees your "
        "documents.",
        _LOOK,
    ),
    "emergency_undo_customer": english(
        "The emergency access is taken back",
        "the emergency access to your documents is taken back. Your trusted persons see nothing any more from now on.",
        _LOOK,
    ),
    "emergency_end_customer": english(
        "The emergency access has ended",
        "the emergency access to your documents has come to its end. Your trusted persons see nothing any more from "
        "now on.",
        _LOOK,
    ),
    "emergency_request_trusted": english(
        "Emergency: your agreement is needed for $customer",
        "$requester has asked for emergency access to the documents of $customer. Reason: “$reason”\n\nA second "
        "trusted person has to agree before the waiting period begins. Please check whether there is an emergency.",
        _LOOK,
    ),
    "emergency_confirm_trusted": english(
        "Emergency access to $customer: further agreement",
        "these have now agreed to the request: $supporters. The release comes on $release, unless we hear of $customer "
        "before.",
        _LOOK,
    ),
    "emergency_wait_trusted": english(
        "Emergency access to $customer: release on $release",
        "these have asked for emergency access to the documents of $customer: $supporters. Reason: “$reason”\n\nWe "
        "have told $customer in every way we know. Without a sign of life you see the folders meant for you from "
        "$release on.",
        _LOOK,
    ),
    "emergency_release_trusted": english(
        "Emergency access to $customer is released",
        "the waiting period has ended without a sign of life. You now see the folders that $customer has chosen for "
        "you. Every look is recorded for $customer.$ends",
        _LOOK,
    ),
    "emergency_veto_trusted": english(
        "We have heard of $customer: the request has ended",
        "we have received a sign of life from $customer. With that the request for emergency access has ended.",
        _LOOK,
    ),
    "emergency_withdraw_trusted": english(
        "The request for $customer is withdrawn",
        "$requester has withdrawn the request for emergency access to the documents of $customer.",
        _LOOK,
    ),
    "emergency_lapse_trusted": english(
        "The request for $customer has lapsed",
        "nobody has agreed in time to the request for emergency access to the documents of $customer.",
        _LOOK,
    ),
    "emergency_undo_trusted": english(
        "The emergency access to $customer is taken back",
        "$customer has taken the emergency access back. The documents cannot be seen any more from now on.",
        _LOOK,
    ),
    "emergency_end_trusted": english(
        "The emergency access to $customer has ended",
        "the emergency access has come to its end. The documents of $customer cannot be seen any more from now on.",
        _LOOK,
    ),
    "trusted_invitation": english(
        "$customer trusts you: trusted person for emergencies",
        "$customer wants to name you as a trusted person. In an emergency you could then ask to see chosen folders; "
        "you would see them only after a waiting period in which $customer can answer and refuse.\n\nPlease accept or "
        "decline by the following link. It is for you alone and valid until $expires.",
        "Look at the invitation",
    ),
    "trusted_accepted": english(
        "$person is now your trusted person",
        "$person has accepted your invitation and can ask for access to the folders that you have chosen, in an "
        "emergency.",
        _LOOK,
    ),
    "trusted_declined": english(
        "$person does not want to be your trusted person",
        "$person has declined your invitation. Perhaps you want to name somebody else.",
        _LOOK,
    ),
    "trusted_removed": english(
        "You are no longer a trusted person of $customer",
        "$customer has removed you as a trusted person. There is nothing you have to do.",
    ),
}
