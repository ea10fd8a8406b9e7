"""What the demo shows: two broker firms with their customers and contracts, and an expert firm. All of it invented."""

from __future__ import annotations

from dataclasses import dataclass, field

PASSWORD = "Kontor-Demo-2026"  # noqa: S105  # printed by `make up`; these accounts exist on one's own machine only

OPERATOR = "betrieb@kontor.example"
NETWORK = "netzwerk@kontor.example"
SCAN_CENTRE = "scan@kontor.example"
JULIA = "julia.brandt@mail.example"
CLARA = "clara.wolff@wolff.example"
NORA = "nora.feld@alpenblick.example"
"""Works in one firm and is a customer of another: one account, two memberships."""


@dataclass(frozen=True)
class Contract:
    """One insurance contract; `premium` in cents per `interval`."""

    line: str
    insurer: str
    number: str
    premium: int
    interval: str
    begin: str
    released: bool = True


@dataclass(frozen=True)
class Customer:
    """A customer with his contracts; `invited` ones get access to the portal."""

    given_name: str
    family_name: str
    salutation: str
    email: str
    phone: str
    birth_date: str
    address: tuple[str, str, str]
    contracts: tuple[Contract, ...]
    form: str = "ADDRESS_FORM_SIE"
    invited: bool = False


@dataclass(frozen=True)
class Employee:
    """A colleague of the administrator."""

    name: str
    email: str
    rights: tuple[str, ...]


@dataclass(frozen=True)
class Firm:
    """A firm with its brand; the administrator comes first."""

    name: str
    slug: str
    kind: str
    administrator: tuple[str, str]
    phone: str
    address: tuple[str, str, str]
    colors: tuple[str, str]
    heading: str
    greeting: str
    layout: str = "LAYOUT_CLASSIC"
    ihk_number: str = ""
    staff: tuple[Employee, ...] = ()
    customers: tuple[Customer, ...] = field(default=())


HANSEN = Firm(
    "Hansen & Partner Versicherungsmakler",
    "hansen",
    "TENANT_KIND_BROKER",
    ("Petra Hansen", "petra.hansen@hansen.example"),
    "+49 40 5550120",
    ("Deichstraße 27", "20459", "Hamburg"),
    ("#12355b", "#b3541e"),
    "Ihr Büro bei Hansen & Partner",
    "Moin! Hier liegen Ihre Verträge und Unterlagen. Schreiben Sie uns, wenn sich etwas ändert.",
    ihk_number="D-H7K2-QX4M1-09",
    staff=(
        Employee(
            "Jonas Peters",
            "jonas.peters@hansen.example",
            ("RIGHT_CHAT", "RIGHT_BILLING", "RIGHT_INVITE", "RIGHT_ORDER"),
        ),
    ),
    customers=(
        Customer(
            "Julia",
            "Brandt",
            "SALUTATION_FAMILIE",
            JULIA,
            "+49 40 5550187",
            "1984-05-16",
            ("Övelgönne 41", "22605", "Hamburg"),
            (
                Contract("Haftpflicht", "Elbe Versicherung", "HP-204511", 6840, "YEARLY", "2019-03-01"),
                Contract("Hausrat", "Elbe Versicherung", "HR-204512", 14250, "YEARLY", "2019-03-01"),
                Contract("Wohngebäude", "Nordlicht Assekuranz", "WG-88-1027", 11890, "QUARTERLY", "2021-07-01"),
                Contract("Vollkasko", "Hafen Direkt", "KFZ-HH-77120", 5430, "MONTHLY", "2024-01-01"),
                Contract(
                    "Rechtsschutz", "Justitia Rechtsschutz", "RS-5519", 24960, "YEARLY", "2026-09-01", released=False
                ),
            ),
            invited=True,
        ),
        Customer(
            "Nora",
            "Feld",
            "SALUTATION_FRAU",
            NORA,
            "+49 89 5550177",
            "1988-09-12",
            ("Sendlinger Straße 40", "80331", "München"),
            (Contract("Haftpflicht", "Elbe Versicherung", "HP-311870", 5910, "YEARLY", "2024-02-01"),),
            invited=True,
        ),
        Customer(
            "Mehmet",
            "Yildiz",
            "SALUTATION_HERR",
            "mehmet.yildiz@mail.example",
            "+49 40 5550133",
            "1979-11-02",
            ("Große Bergstraße 112", "22767", "Hamburg"),
            (
                Contract("Gewerbe", "Nordlicht Assekuranz", "GW-31-4402", 38900, "QUARTERLY", "2022-01-01"),
                Contract("Kfz-Haftpflicht", "Hafen Direkt", "KFZ-HH-80551", 4120, "MONTHLY", "2025-04-01"),
            ),
        ),
        Customer(
            "Sabine",
            "Krüger",
            "SALUTATION_FRAU",
            "sabine.krueger@mail.example",
            "+49 4101 555042",
            "1966-02-27",
            ("Elmshorner Straße 8", "25421", "Pinneberg"),
            (
                Contract("Unfall", "Elbe Versicherung", "UN-118230", 19800, "YEARLY", "2016-10-01"),
                Contract("Leben und Rente", "Hanse Leben", "LV-7702134", 12500, "MONTHLY", "2004-12-01"),
            ),
        ),
        Customer(
            "Tom",
            "Lindner",
            "SALUTATION_HERR",
            "tom.lindner@mail.example",
            "+49 151 55500421",
            "1999-08-09",
            ("Schanzenstraße 60", "20357", "Hamburg"),
            (Contract("Haftpflicht", "Elbe Versicherung", "HP-310077", 4980, "YEARLY", "2025-10-01"),),
            form="ADDRESS_FORM_DU",
        ),
    ),
)

ALPENBLICK = Firm(
    "Alpenblick Finanzhaus",
    "alpenblick",
    "TENANT_KIND_BROKER",
    ("Sepp Huber", "sepp.huber@alpenblick.example"),
    "+49 89 5550140",
    ("Sendlinger Straße 19", "80331", "München"),
    ("#1f5c3a", "#8a5a00"),
    "Grüß Gott bei Alpenblick",
    "Alles zu Ihren Verträgen an einem Ort – und wir sind nur eine Nachricht entfernt.",
    layout="LAYOUT_TILES",
    ihk_number="D-A3B9-LM6T2-55",
    staff=(Employee("Nora Feld", NORA, ("RIGHT_CHAT", "RIGHT_INVITE")),),
    customers=(
        Customer(
            "Anna",
            "Moser",
            "SALUTATION_FRAU",
            "anna.moser@mail.example",
            "+49 89 5550166",
            "1990-01-21",
            ("Fraunhoferstraße 5", "80469", "München"),
            (
                Contract("Hausrat", "Isar Versicherung", "HR-90-2218", 9960, "YEARLY", "2023-05-01"),
                Contract("Krankheit und Pflege", "Bavaria Kranken", "KV-661902", 4870, "MONTHLY", "2020-01-01"),
            ),
        ),
        Customer(
            "Franz",
            "Gruber",
            "SALUTATION_HERR",
            "franz.gruber@mail.example",
            "+49 8041 555019",
            "1958-06-30",
            ("Marktstraße 44", "83646", "Bad Tölz"),
            (Contract("Wohngebäude", "Isar Versicherung", "WG-12-7781", 46200, "YEARLY", "2011-01-01"),),
        ),
    ),
)

WOLFF = Firm(
    "Dr. Wolff Gewerbeschutz",
    "wolff",
    "TENANT_KIND_EXPERT",
    ("Clara Wolff", CLARA),
    "+49 30 5550175",
    ("Hardenbergstraße 12", "10623", "Berlin"),
    ("#4a2a5e", "#9a3f6b"),
    "Dr. Wolff Gewerbeschutz",
    "Prüfung betrieblicher Risiken, schriftlich und verständlich.",
)

FIRMS = (HANSEN, ALPENBLICK, WOLFF)

CONSENT = (
    "Ich bin einverstanden, dass {makler} für die Dienstleistung „{dienstleistung}“ folgende Angaben an {experte}"
    " weitergibt: {daten}."
)
SERVICES = (
    {
        "title": "Deckungscheck Gewerbe",
        "description": "Wir prüfen die betriebliche Absicherung auf Lücken und Doppelungen und liefern innerhalb von"
        " zehn Werktagen eine schriftliche Empfehlung mit Rangfolge.",
        "category": "CATEGORY_COMMERCIAL",
        "compensation": {"minorUnits": "18900", "currency": "EUR"},
        "formSchema": '{"type":"object","required":["branche"],"properties":{"branche":{"type":"string","title":'
        '"Branche"},"mitarbeiter":{"type":"integer","title":"Zahl der Mitarbeiter","minimum":0},"umsatz":{"type":'
        '"integer","title":"Jahresumsatz in Euro","minimum":0}}}',
    },
    {
        "title": "Wertermittlung Wohngebäude",
        "description": "Ermittlung des Versicherungswerts 1914 mit Begehung, Fotos und Gutachten; schützt vor"
        " Unterversicherung und überhöhten Beiträgen.",
        "category": "CATEGORY_PRIVATE_PROPERTY",
        "compensation": {"minorUnits": "34000", "currency": "EUR"},
        "formSchema": '{"type":"object","required":["baujahr"],"properties":{"baujahr":{"type":"string","title":'
        '"Baujahr","maxLength":4},"wohnflaeche":{"type":"number","title":"Wohnfläche in m²","minimum":0},"keller":'
        '{"type":"boolean","title":"Keller vorhanden"}}}',
    },
)

ACCOUNTS = (
    ("Operator", OPERATOR),
    ("Network organisation", NETWORK),
    ("Scan centre", SCAN_CENTRE),
    ("Broker, administrator", HANSEN.administrator[1]),
    ("Broker, employee", HANSEN.staff[0].email),
    ("Customer of this broker", JULIA),
    ("Second broker", ALPENBLICK.administrator[1]),
    ("Expert", CLARA),
    ("Customer here, employee there", NORA),
)
