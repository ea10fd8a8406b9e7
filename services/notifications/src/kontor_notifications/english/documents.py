"""What English mails say about documents, paper post, binders and the end of an office."""

from __future__ import annotations

from collections.abc import Mapping

from kontor_notifications.english.form import english
from kontor_notifications.mail_text import MailText

_SAFE = "For your protection this e-mail does not say which one it is."

DOCUMENTS: Mapping[str, MailText] = {
    "document_delivered": english(
        "A document was delivered to you",
        "we have delivered a document to you electronically. You have agreed to electronic delivery; it replaces the "
        f"letter, and periods can begin with it. Please open the document soon. {_SAFE}",
        "Open the document",
    ),
    "documents_end": english(
        "Documents will be deleted on $day",
        "the time we keep some documents for you ends. They are deleted on $day; number: $count. Please download "
        "before that what you want to keep.",
        "Look at the documents",
    ),
    "own_documents_end": english(
        "Documents go to the trash on $day",
        "you have set an end for documents. On $day they go to the trash; number: $count. There they stay for another "
        "30 days.",
        "Look at the documents",
    ),
    "document_due": english(
        "Reminder: due on $day",
        f"you wanted to be reminded of one of your documents: something is due on $day. {_SAFE}",
        "Look at the document",
    ),
    "export_ready": english(
        "Your archive is ready",
        "the archive with all your documents is ready and can be downloaded from your digital office until $day. If "
        "you did not ask for it, please change your password.",
        "Look at the archive",
    ),
    "archive_read": english(
        "Your archive has been read in",
        "your archive has been read in: everything in it now lies among your documents and is yours alone. If you did "
        "not ask for it, please change your password.",
        "Look at the archive",
    ),
    "archive_refused": english(
        "Your archive was not read in",
        "your archive could not be read in; nothing of it was taken over. Your digital office says why.",
        "Look at the archive",
    ),
    "storage_fills_up": english(
        "Your storage is $percent % full",
        "your storage is $percent % full. Everything you have stored is kept. You gain space by emptying the trash or "
        "by getting more storage.",
        "Look at the storage",
    ),
    "storage_full": english(
        "Your storage is full",
        "your storage is full; nothing new can be stored at present. Everything you have stored is kept and can be "
        "read. You gain space by emptying the trash or by getting more storage.",
        "Look at the storage",
    ),
    "post_scanned": english(
        "Your post is scanned",
        "we have scanned paper post for you. It is among your documents, and only you see it. For your protection this "
        "e-mail does not say what it is.",
        "Look at the post",
    ),
    "mail_filed": english(
        "An e-mail was filed",
        "an e-mail came to your address for documents. Its attachments are among your documents, and only you see "
        "them.",
        "Look at the documents",
    ),
    "mail_held": english(
        "An e-mail waits for your confirmation",
        "an e-mail came to your address for documents, and it is not certain that it is from the sender it names. It "
        "is filed only if you agree; otherwise it is destroyed after 14 days.",
        "Look at the e-mail",
    ),
    "binder_ordered": english(
        "The scanning of a binder is ordered",
        "the scanning of a binder is ordered for you. We tell you as soon as the day of its pick-up is fixed. Until "
        "the binder is with us you can cancel the order.",
        "Look at the order",
    ),
    "binder_pickup": english(
        "Your binder is picked up on $day",
        "we pick your binder up on $day. Please have it ready, with the number of the order written on it.",
        "Look at the order",
    ),
    "binder_received": english(
        "Your binder has arrived",
        "your binder has arrived at the scan centre and is being scanned now.",
        "Look at its state",
    ),
    "binder_scanned": english(
        "Your binder is scanned",
        "your binder is scanned and among your documents, and only you see it. We keep the paper. Please tell us "
        "whether you want it back or whether it may be destroyed.",
        "Look at the binder",
    ),
    "binder_returned": english(
        "Your binder is on its way",
        "we have sent your binder to the address that you named.",
        "Look at the binder",
    ),
    "binder_destruction": english(
        "Your consent to the destruction of a binder",
        "you have agreed that we destroy a binder. Until it has happened you can take your consent back. If this was "
        "not you, please take it back and change your password.",
        "Look at the binder",
    ),
    "binder_destroyed": english(
        "Your binder is destroyed",
        "we have destroyed a binder as you wished. The scans are among your documents.",
        "Look at the binder",
    ),
    "binder_cancelled": english(
        "The order is cancelled",
        "the order to scan a binder is cancelled. Nothing is picked up.",
        "Look at the order",
    ),
    "deletion_planned_by_customer": english(
        "Your digital office will be deleted on $day",
        "you have asked for the deletion of your digital office. On $day we delete your data and documents for good; "
        "after that we cannot restore them either.\n\nUntil then you can take the deletion back at any time. If this "
        "was not you, please take it back at once and change your password.",
        "Look at the deletion",
    ),
    "deletion_planned_by_firm": english(
        "Your digital office will be deleted on $day",
        "we delete your digital office on $day with all data and documents. After that we cannot restore them either. "
        "Please download by then what you want to keep.\n\nIf this is a mistake, please let us know.",
        "Look at the deletion",
    ),
    "deletion_cancelled": english(
        "Your digital office stays",
        "the deletion of your digital office is taken back. Everything stays as it is.",
        "Go to the digital office",
    ),
}
