"""The hot write of chat: a further message in a chat that has an operator, in one statement.

Nearly every message is one of these; nobody is looked up and no rule decides anything. Boundary: `chats` checks the
text, publishes the event and does everything else by itself (a chat without operator, an archived one, none at all).
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from kontor_chassis.database import Transaction
from kontor_chassis.ids import new_id

from kontor_chat.tables import Message


@dataclass(frozen=True)
class Appended:
    """A message that was written, and who takes part in its chat."""

    message: Message
    operator_account_id: UUID
    customer_account_id: UUID


_APPEND = """
WITH chat AS (
  UPDATE chats SET last_number = last_number + 1,
    customer_messages = customer_messages + CASE WHEN $4 THEN 1 ELSE 0 END,
    firm_messages = firm_messages + CASE WHEN $4 THEN 0 ELSE 1 END,
    last_message_id = $2, last_message_time = $7
  WHERE chat_id = $1 AND NOT archived AND operator_account_id IS NOT NULL
  RETURNING *
), message AS (
  INSERT INTO messages (message_id, tenant_id, customer_id, chat_id, number, side_number, sender_account_id,
    sender_is_customer, sender_name, text, create_time)
  SELECT $2, tenant_id, customer_id, chat_id, last_number,
    CASE WHEN $4 THEN customer_messages ELSE firm_messages END, $3, $4, $5, $6, $7 FROM chat
  RETURNING tenant_id, customer_id, number, side_number
)
SELECT message.*, chat.operator_account_id, chat.customer_account_id FROM chat, message"""


async def append_to_answered_chat(tx: Transaction, *, chat_id: UUID, text: str) -> Appended | None:
    """Write a message of the caller; None if the caller has no such chat, or it is archived or without operator.

    Locks the chat's row until the commit, as everybody does who writes into a chat.
    """
    sender = tx.principal
    message = Message(
        message_id=new_id(),
        chat_id=chat_id,
        sender_account_id=sender.required_account(),
        sender_is_customer=sender.is_customer,
        sender_name=sender.display_name,
        text=text,
        create_time=tx.now,
    )
    found = await tx.run(
        *(_APPEND, chat_id, message.message_id, message.sender_account_id, message.sender_is_customer),
        *(message.sender_name, text, tx.now),
    )
    if not found:
        return None
    row = found[0]
    message.tenant_id, message.customer_id = row["tenant_id"], row["customer_id"]
    message.number, message.side_number = row["number"], row["side_number"]
    return Appended(message, row["operator_account_id"], row["customer_account_id"])
