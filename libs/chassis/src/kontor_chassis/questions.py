"""Questions to other services that a transaction must not wait for.

A handler of events runs within a transaction, and often finds out only there whom it has to ask about whom. It asks by
`answer_to`. The first time that ends the transaction: whoever opened it (`Answers.until_answered`) rolls back, asks
while no row is locked and no connection held, and runs the handler again, which then has the answer, or the error.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Hashable
from contextvars import ContextVar
from typing import Any, TypeVar

T = TypeVar("T")

MOST_QUESTIONS = 50
"""More than one handler has; beyond it its questions are never the same twice, which is a defect."""


class UnansweredError(Exception):
    """A question that has to be asked outside of the transaction."""

    def __init__(self, question: Hashable, ask: Callable[[], Awaitable[Any]]) -> None:
        super().__init__(str(question))
        self.question = question
        self.ask = ask


class Answers:
    """What was answered while one event is being applied."""

    def __init__(self) -> None:
        self._values: dict[Hashable, Any] = {}
        self._errors: dict[Hashable, Exception] = {}

    async def until_answered(self, attempt: Callable[[], Awaitable[T]]) -> T:
        """Run `attempt`, and again after each question it raises; `attempt` opens and ends its own transaction."""
        before = _answers.get()
        _answers.set(self)
        try:
            for _ in range(MOST_QUESTIONS):
                try:
                    return await attempt()
                except UnansweredError as open_question:
                    await self._ask(open_question)
            raise RuntimeError("a handler asks without end")
        finally:
            _answers.set(before)

    async def _ask(self, unanswered: UnansweredError) -> None:
        try:
            self._values[unanswered.question] = await unanswered.ask()
        except Exception as error:  # the handler that asked gets it, as if it had waited
            self._errors[unanswered.question] = error

    def answer(self, question: Hashable, ask: Callable[[], Awaitable[Any]]) -> Any:
        """Return the answer or raise the error that the question led to; raises UnansweredError before."""
        if question in self._errors:
            raise self._errors[question]
        if question not in self._values:
            raise UnansweredError(question, ask)
        return self._values[question]


_answers: ContextVar[Answers | None] = ContextVar("kontor_answers", default=None)


def answer_to(question: Hashable, ask: Callable[[], Awaitable[T]]) -> T:
    """Return the answer to a question, which names everything that `ask` depends on; see the module's first lines."""
    answers = _answers.get()
    if answers is None:
        raise LookupError("only a handler of events asks this way")
    answer: T = answers.answer(question, ask)
    return answer
