"""Mails follow the language that somebody chooses for his pages."""

from __future__ import annotations

import grpc
import structlog
from kontor.identity.v1.account_security_pb2 import SetMailLanguageRequest

from kontor_portal import gateway

log = structlog.get_logger(__name__)


def follow(language: str) -> None:
    """Have mails to the person of this request written in "de" or "en"; his page changes even if that fails."""
    try:
        wanted = SetMailLanguageRequest(language=language, request_id=gateway.new_request_id())
        gateway.account_security().SetMailLanguage(wanted)
    except grpc.RpcError as error:
        log.warning("mail_language_not_set", error=type(error).__name__)
