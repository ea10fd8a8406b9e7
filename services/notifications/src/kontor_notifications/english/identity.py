"""What English mails say about proofs of identity, raffles and electronic delivery."""

from __future__ import annotations

from collections.abc import Mapping

from kontor_notifications.english.form import english
from kontor_notifications.mail_text import MailText

IDENTITY: Mapping[str, MailText] = {
    "identity_proven": english(
        "Your identity is confirmed",
        "your identity is confirmed. All functions of your digital office are open to you now.\n\nIf this was not you, "
        "please tell us at once.",
        "Look at the identity",
    ),
    "identity_withdrawn": english(
        "The confirmation of your identity is no longer valid",
        "the confirmation of your identity is no longer valid. Your digital office says why; there you can also "
        "confirm your identity anew.",
        "Look at the identity",
    ),
    "voucher_given": english(
        "Your voucher is ready",
        "thank you for taking part. Your voucher is ready in your digital office: $prize. For your protection this "
        "e-mail does not say its code.",
        "Look at the voucher",
    ),
    "prize_drawn": english(
        "Congratulations, you have won",
        "congratulations: your ticket was drawn. You have won: $prize.\n\nWe will contact you about how you get it. "
        "How it was drawn you can check in your digital office.",
        "Look at the prize",
    ),
    "epost_given": english(
        "Confirmation: electronic delivery",
        "you have agreed that we deliver documents to you in your digital office. You get an e-mail about every "
        "delivery.\n\nYou can revoke your consent at any time with one click.",
        "Look at the consent",
    ),
    "epost_revoked": english(
        "Confirmation: electronic delivery revoked",
        "you have revoked your consent to electronic delivery. This is valid at once: what you find in your digital "
        "office are copies again, and deliveries come to you on paper.",
        "Look at the consent",
    ),
}
