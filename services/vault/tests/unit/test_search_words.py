"""What somebody types as a query, the passages that show it, and what is read of files."""

from __future__ import annotations

import io
import zipfile

from kontor_vault.reading.texts import read
from kontor_vault.recognition import find_recogniser
from kontor_vault.search_words import MOST_WORDS, nearly, passage, sought, words_of


def found(text: str, query: str) -> list[str]:
    """Return the marked words of a passage."""
    return [piece.text for piece in passage(text, words_of(query)) if piece.found]


def test_queries_hold_nothing_but_words() -> None:
    """F1: whatever is typed becomes words; operators of text search cannot be smuggled in."""
    assert words_of("Haus & (Boot | !Auto):*A '\\") == ["haus", "boot", "auto", "a"]
    assert sought(["müller"]) == "(müller:* | mueller:*)"
    assert sought(["ab", "haus"], "A") == "(ab:A) & (haus:*A)"
    assert len(words_of("wort " * 50)) == MOST_WORDS


def test_near_words_are_those_with_a_letter_less() -> None:
    """F1: two words are near when they share a form with at most one letter left out; short words are never near."""
    assert nearly(["müll"]) == "(mll | mul | mull | ull)"
    assert nearly(["ab", "abc"]) == ""


def test_passages_mark_any_form_of_a_word() -> None:
    """F1: passages mark forms, compounds and umlauts however they are written."""
    text = "Ihre Privathaftpflichtversicherung ersetzt Schäden an Häusern der Frau Mueller."
    assert found(text, "Versicherungen schaden") == ["Privathaftpflichtversicherung", "Schäden"]
    assert found(text, "Häuser Müller") == ["Häusern", "Mueller"]
    assert found(text, "Fahrrad") == []


def test_passages_are_short_and_where_most_words_are() -> None:
    """F1: of a long text the stretch is shown that has most of the words."""
    text = "Deich am Anfang. " + "Nichts davon. " * 500 + "Deich und Sturm und Flut. " + "Nichts davon. " * 500
    pieces = passage(text, ["deich", "sturm", "flut"])
    assert [piece.text for piece in pieces if piece.found] == ["Deich", "Sturm", "Flut"]
    assert sum(len(piece.text) for piece in pieces) < 400


def test_texts_of_office_files_and_of_old_encodings() -> None:
    """F1: Office files and texts of any encoding are read; words broken at a line's end are whole again."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("word/document.xml", "<w><p>Versicherungs-\nschein</p><p>Grüße</p></w>")
        archive.writestr("word/other.xml", "<w>verborgen</w>")
    docx = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    assert read(packed.getvalue(), docx, "").text == "Versicherungsschein Grüße"
    assert read("Grüße".encode("cp1252"), "text/plain", "").text == "Grüße"
    assert read(b"PK\x03\x04 no archive", docx, "").is_unreadable
    assert read(b"%PDF-1.7 nothing", "application/pdf", "").is_unreadable
    assert read(b"GIF89a nothing", "image/gif", "tesseract").is_unreadable


def test_what_is_missing_is_said() -> None:
    """F1: without a recogniser, or with one that knows no German, there is none."""
    assert find_recogniser("no-such-command-anywhere") == ""
    assert find_recogniser("true") == ""
