"""Plain names instead of what machines write (F146)."""

from __future__ import annotations

from datetime import date

import pytest
from kontor.vault.v1.vault_pb2 import DocumentKind
from kontor_vault.recognising.plain_names import PLAIN_NAMES, kind_for, named_by_machine, title_for

TODAY = date(2026, 11, 22)


@pytest.mark.parametrize(
    ("file_name", "title", "kind"),
    [
        ("VN_12345_POL_20260101.pdf", "Versicherungsschein zu 12345 vom 01.01.2026", "POLICY"),
        ("20260102_BRE_4711882.pdf", "Beitragsrechnung zu 4711882 vom 02.01.2026", "INVOICE"),
        ("BIPRO_110011000_VSNR_20260101_31122025.pdf", "Versicherungsschein zu 20260101 vom 31.12.2025", "POLICY"),
        ("GEVO-LABR-99887766.PDF", "Leistungsabrechnung zu 99887766", "BENEFIT_STATEMENT"),
        ("AVB_2026-01-01_0815.pdf", "Versicherungsbedingungen zu 0815 vom 01.01.2026", "TERMS"),
        ("scan0001.pdf", "Scan vom 22.11.2026", "OTHER"),
        ("SKM_C25826031410110.pdf", "Scan vom 22.11.2026", "OTHER"),
        ("IMG_20260314_101112.jpg", "Foto vom 14.03.2026", "OTHER"),
        ("IMG-20260314-WA0007.jpg", "Foto vom 14.03.2026", "OTHER"),
        ("Screenshot_2026-03-14-10-11-12.png", "Bildschirmfoto vom 14.03.2026", "OTHER"),
        ("3f2504e0-4f89-41d3-9a0c-0305e82c3301.pdf", "Dokument vom 22.11.2026", "OTHER"),
        ("document(3).pdf", "Dokument vom 22.11.2026", "OTHER"),
    ],
)
def test_names_of_machines_become_plain(file_name: str, title: str, kind: str) -> None:
    """F146: deliveries of insurers, scanners, cameras and programs get names that people understand."""
    assert title_for(file_name, TODAY) == title
    assert DocumentKind.Name(kind_for(file_name)) == f"DOCUMENT_KIND_{kind}"


@pytest.mark.parametrize(
    "file_name",
    ["Police.pdf", "POL Position 2026.pdf", "Rechnung Müller 2026.pdf", "scan1.pdf", "Foto Oma.jpg", "Kfz_Allianz.pdf"],
)
def test_what_a_person_named_keeps_its_name(file_name: str) -> None:
    """F146: only names that machines made are changed."""
    assert named_by_machine(file_name) is None


def test_the_published_list_is_true() -> None:
    """F146: every example of the list gets the name that the list says; no code means two things."""
    for each in PLAIN_NAMES:
        if each.example:
            named = named_by_machine(each.example)
            assert named is not None, each.example
            assert named.plain.name == each.name, each.example
    codes = [code for each in PLAIN_NAMES for code in each.codes]
    assert len(codes) == len(set(codes))
    assert {each.kind for each in PLAIN_NAMES} >= set(range(1, 9))
