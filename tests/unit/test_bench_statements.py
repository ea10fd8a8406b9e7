"""What the benchmark of pages reads from PostgreSQL's log: the transactions of one person, values in place."""

from __future__ import annotations

from pathlib import Path

from bench.statements import Recording, of_account, read_log

_LOG = """\
2026-11-22 14:00:00.001 UTC [11] LOG:  checkpoint starting: time
2026-11-22 14:00:00.002 UTC [21] kontor_billing_app@kontor_billing LOG:  statement: BEGIN READ ONLY; SELECT 'mara'
2026-11-22 14:00:00.003 UTC [31] kontor_chat_app@kontor_chat LOG:  execute __asyncpg_stmt_5__: SELECT $2, $1 FROM a
\tWHERE b = $10
2026-11-22 14:00:00.004 UTC [31] kontor_chat_app@kontor_chat DETAIL:  Parameters: $1 = 'mara', $2 = NULL, $10 = 'it''s'
2026-11-22 14:00:00.005 UTC [41] kontor_vault_app@kontor_vault LOG:  statement: BEGIN; SELECT 'a job'
2026-11-22 14:00:00.006 UTC [21] kontor_billing_app@kontor_billing LOG:  execute __asyncpg_stmt_6__: SELECT 1
2026-11-22 14:00:00.007 UTC [41] kontor_vault_app@kontor_vault LOG:  statement: COMMIT
2026-11-22 14:00:00.008 UTC [21] kontor_billing_app@kontor_billing LOG:  statement: ROLLBACK
2026-11-22 14:00:00.009 UTC [21] kontor_billing_app@kontor_billing LOG:  execute __asyncpg_stmt_7__: SELECT 'other work'
"""


def test_a_persons_transactions_are_told_from_everybody_elses(tmp_path: Path) -> None:
    """Sessions interleave, statements go over lines, and values may hold quotes; jobs' work is not the page's."""
    log = tmp_path / "postgres.log"
    log.write_text("earlier\n" + _LOG, encoding="utf-8")

    recording = Recording(of_account("mara", read_log(log, len("earlier\n"))))

    assert recording.transactions == [
        ("kontor_billing", ["BEGIN READ ONLY; SELECT 'mara'", "SELECT 1", "ROLLBACK"]),
        ("kontor_chat", ["SELECT NULL, 'mara' FROM a\nWHERE b = 'it''s'"]),
    ]
    assert recording.statements == 2
