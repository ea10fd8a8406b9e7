"""Error pages: what happened, in the visitor's words, and where to go from here."""

from __future__ import annotations

from dataclasses import dataclass

from flask import make_response, render_template, request
from flask.typing import ResponseReturnValue
from kontor_chassis.edge import Problem

from kontor_portal.heard import told
from kontor_portal.i18n import t
from kontor_portal.requests import to_refresh
from kontor_portal.step_up import asks_for_more, to_prove_more


@dataclass(frozen=True)
class ProblemPage:
    """Texts of an error page."""

    status: int
    title: str
    text: str
    reference: str = ""


def show_problem(problem: Problem) -> ResponseReturnValue:
    """Return the page of a problem; a session that has run out is renewed instead."""
    if asks_for_more(problem):
        return to_prove_more(problem)
    if problem.status == 401 and not request.path.startswith("/auth/"):
        return to_refresh()
    response = make_response(render_template("problem.html", problem=_page_of(told(problem))), problem.status)
    response.headers["Cache-Control"] = "no-store"
    return response


def _page_of(problem: Problem) -> ProblemPage:
    if problem.status == 404:
        return ProblemPage(
            404,
            t("Diese Seite gibt es nicht"),
            t("Vielleicht wurde sie verschoben, oder der Link ist nicht mehr gültig."),
        )
    if problem.status == 403:
        return ProblemPage(
            403,
            t("Hier haben Sie keinen Zutritt", du="Hier hast du keinen Zutritt"),
            t(
                "Diese Seite gehört zu einer anderen Rolle, oder Ihnen fehlt ein Recht dafür.",
                du="Diese Seite gehört zu einer anderen Rolle, oder dir fehlt ein Recht dafür.",
            ),
        )
    if problem.status in (413, 429):
        return ProblemPage(problem.status, t("Das war zu viel auf einmal"), problem.message)
    if problem.status == 503:
        return ProblemPage(
            503, t("Gerade nicht erreichbar"), t("Wir sind gleich wieder da. Bitte laden Sie die Seite neu.")
        )
    if problem.status >= 500:
        return ProblemPage(
            problem.status,
            t("Da ist bei uns etwas schiefgegangen"),
            t("Wir sind benachrichtigt. Bitte versuchen Sie es in ein paar Minuten noch einmal."),
            problem.reference,
        )
    return ProblemPage(problem.status, t("Das hat nicht geklappt"), problem.message)
