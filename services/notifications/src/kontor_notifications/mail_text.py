"""The form of a mail's text: formal and informal, with places for parameters (F172)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from string import Template

from kontor_notifications.wording import Form


@dataclass(frozen=True)
class MailText:
    """One kind of mail. Paragraphs are separated by an empty line."""

    subject: str
    formal: str
    informal: str
    button: str = ""
    """Label of the link; empty for a mail without one."""

    def paragraphs(self, form: Form, parameters: Mapping[str, str]) -> list[str]:
        """Return the paragraphs for a form of address."""
        chosen = self.informal if form is Form.DU else self.formal
        return [Template(part).substitute(parameters) for part in chosen.split("\n\n")]

    def subject_with(self, parameters: Mapping[str, str]) -> str:
        """Return the subject on one line."""
        return " ".join(Template(self.subject).substitute(parameters).split())
