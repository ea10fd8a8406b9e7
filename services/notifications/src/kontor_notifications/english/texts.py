"""All mails in English, and those of everyday business: access, chat, orders, invoices."""

from __future__ import annotations

from collections.abc import Mapping

from kontor_notifications.english.account import ACCOUNT
from kontor_notifications.english.documents import DOCUMENTS
from kontor_notifications.english.emergency import EMERGENCY
from kontor_notifications.english.form import english
from kontor_notifications.english.identity import IDENTITY
from kontor_notifications.mail_text import MailText

ENGLISH: Mapping[str, MailText] = {
    "customer_invitation": english(
        "Your personal access at $firm",
        "$firm invites you to your digital office: contracts, documents and the direct line to us in one place.\n\n"
        "Please choose your password by the following link. It is for you alone and valid until $expires.",
        "Set up access",
    ),
    "staff_invitation": english(
        "Your access at $firm",
        "an access to the digital office of $firm has been set up for you.\n\n"
        "Please choose your password by the following link. It is for you alone and valid until $expires.",
        "Set up access",
    ),
    "binding_requested": english(
        "Somebody wants to connect with $firm",
        "somebody with a digital office has used your broker ID and wants to be a customer of $firm. Please say which "
        "of your customers that is, or decline. Until then the person sees nothing of yours.",
        "Look at the request",
    ),
    "binding_confirmed": english(
        "You are now connected with $firm",
        "your access is connected with $firm, too, from now on. Sign in as usual and then switch between your firms at "
        "the top.\n\nIf you did not want this, please tell us at once.",
        "Go to the digital office",
    ),
    "password_reset": english(
        "New password for $firm",
        "you have asked for a new password. Please choose it by the following link; it is valid until "
        "$expires.\n\nIf this was not you, there is nothing to do: your present password stays valid.",
        "Choose a new password",
    ),
    "password_changed": english(
        "Your password was changed",
        "your password has just been changed. If this was not you, please ask for a new one at once and contact us.",
    ),
    "chat_unread": english(
        "New message at $firm",
        "a new message is waiting for you in the chat. For your protection this e-mail does not say what it is.",
        "Read the message",
    ),
    "consent_requested": english(
        "Your consent, please: $service_title",
        "we would like to bring in $expert_firm_name for “$service_title”. For that we need your consent to pass on "
        "data of yours.\n\nThe following link shows which data these are. There you can agree or decline; without your "
        "consent we pass on nothing.",
        "Look at the consent",
    ),
    "customer_view": english(
        "Your digital office was looked at",
        "$viewer has just looked at your digital office as you see it, for example to answer a question. Nothing can "
        "be changed that way, and your documents stay hidden.\n\nYou can read up on every such look.",
        "Read up on looks",
    ),
    "order_placed": english(
        "New order: $service_title",
        "$firm has placed a binding order with you for “$service_title”. The following link leads to all that was "
        "released for it.",
        "Look at the order",
    ),
    "order_status": english(
        "Order “$service_title”: $state",
        "your order “$service_title” is now $state. The order says more about it.",
        "Look at the order",
    ),
    "order_completed": english(
        "Order “$service_title”: completed – please rate it",
        "your order “$service_title” is completed.\n\nPlease rate the service; your rating helps others to choose.",
        "Rate the service",
    ),
    "invoice_issued": english(
        "Your invoice $number",
        "your invoice $number over $gross is ready for you.",
        "Look at the invoice",
    ),
    "invoice_cancelled": english(
        "Cancellation invoice $number",
        "your cancellation invoice $number over $gross is ready for you.",
        "Look at the invoice",
    ),
    "payment_reminder": english(
        "Reminder of invoice $number",
        "it must have escaped your notice: our invoice $number was due by $due. $open are still open.\n\nPlease "
        "transfer the amount in the next days. If you have paid meanwhile, there is nothing more to do. If something "
        "is wrong, please contact us.\n\nAs long as the invoice is open, we settle changes of your bank account with "
        "you in person.",
        "Look at the invoice",
    ),
    "second_notice": english(
        "Second reminder of invoice $number",
        "after our reminder no full payment has come in yet: our invoice $number was due by $due. $open are still open."
        "$fee_note\n\nPlease transfer the amount within seven days. If you cannot pay at present or something is "
        "wrong, please contact us; we will find a solution.",
        "Look at the invoice",
    ),
    "trial_ending": english(
        "Your trial ends $left",
        "your trial of the platform ends $left, on $day.\n\nPlease choose a plan by then or extend the trial. You can "
        "take your data with you as an archive at any time. Without a decision we close the access and delete the data "
        "14 days later; there are no costs.",
        "Look at plans and archive",
    ),
    "trial_over": english(
        "Your trial is over",
        "your trial is over. Your customers and staff cannot come in at present.\n\nUntil $day you can choose a plan, "
        "extend the trial or take your data with you as an archive. After that we delete them.",
        "Decide now",
    ),
    **ACCOUNT,
    **DOCUMENTS,
    **EMERGENCY,
    **IDENTITY,
}
