"""What a privacy notice must say, found or missed in its text."""

import re
import unicodedata
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from lxml import html

import privacy
from privacy.cleaning import MERGE_FIELD
from privacy.completeness import HEADINGS, Status, blanks, check, missing_sections
from privacy.rendering import fill_in

FOLDER = Path(privacy.__file__).parent
VERSION_1 = (FOLDER / "texts/1/lv.html").read_text(encoding="utf-8")
DRAFT_2 = (FOLDER / "texts/2/lv.html").read_text(encoding="utf-8")

PRESENT, JUDGE, NOT_FOUND = Status.PRESENT, Status.TO_BE_JUDGED, Status.NOT_FOUND
TABLE = {
    "N1": JUDGE,  # name and e-mail; no registration number or address
    "N2": JUDGE,  # "privātuma speciālisti"
    "N3": JUDGE,  # (1) to (6); vague for cookies
    "N4": JUDGE,  # none for Google Analytics, Facebook, Hotjar
    "N5": PRESENT,
    "N6": JUDGE,  # cookie services only
    "N7": NOT_FOUND,
    "N8": JUDGE,  # no period
    "N9": NOT_FOUND,
    "N10": NOT_FOUND,
    "N11": NOT_FOUND,
    "N12": NOT_FOUND,
    "N13": NOT_FOUND,
    "N14": NOT_FOUND,
    "N15": NOT_FOUND,
    "N16": NOT_FOUND,
    "N17": JUDGE,  # only for account data
    "N18": NOT_FOUND,
    "N19": NOT_FOUND,
    "N20": JUDGE,  # only in the browser
    "N21": NOT_FOUND,
    "N22": PRESENT,
    "N26": NOT_FOUND,
}

# The sections of draft 2 that carry an element, and what is left of it when they are gone.
USE, KEEP = "Kā mēs izmantojam jūsu personīgo informāciju", "Cik ilgi mēs glabājam jūsu personīgo informāciju"
RIGHTS, EXERCISE, OBJECT = "Jūsu tiesības", "Kā izmantot savas tiesības", "Jūsu tiesības iebilst"
WITHDRAWAL, COMPLAINT = "Piekrišanas atsaukšana", "Sūdzība Datu valsts inspekcijai"
COOKIES, PROVIDERS = "Kā mēs izmantojam sīkdatnes", "(1) Sīkdatnes no pakalpojumu sniedzējiem"
BROWSER, SETTINGS = "(2) Kā jūs varat pārvaldīt sīkdatnes?", "(3) Mūsu tīmekļa vietnes sīkdatņu iestatījumi"
COOKIE_LIST, RECORD = "Kādas sīkdatnes mēs izmantojam un kāds ir juridiskais pamats", "Kā mēs reģistrējam jūsu izvēli"
RECIPIENTS, TRANSFERS = "Jūsu personas datu saņēmēji", "Datu nosūtīšana ārpus Eiropas Ekonomikas zonas"
DUTY, AUTOMATED = "Vai jums ir pienākums sniegt datus", "Automatizēti lēmumi un profilēšana"
OTHER_PURPOSES, SOURCE = "Datu apstrāde citiem nolūkiem", "No kurienes mēs iegūstam jūsu datus"
META, CHANGES = "Meta (Facebook) un mēs kā kopīgi pārziņi", "Izmaiņas tajā, kā mēs aizsargājam jūsu privātumu"
CONTACT = "Kā ar mums sazināties"
CARRIED_BY = [
    ("N1", [CONTACT], JUDGE),  # the opening words name the company and its e-mail
    ("N2", [CONTACT], NOT_FOUND),
    ("N3", [COOKIE_LIST], JUDGE),
    ("N4", [COOKIE_LIST], JUDGE),
    ("N5", [USE], JUDGE),  # the right to object mentions legitimate interests without naming them
    ("N6", [RECIPIENTS], JUDGE),
    ("N7", [TRANSFERS], NOT_FOUND),
    ("N8", [KEEP], JUDGE),
    ("N9", [RIGHTS], NOT_FOUND),
    ("N10", [EXERCISE], NOT_FOUND),
    ("N11", [OBJECT], NOT_FOUND),
    ("N12", [WITHDRAWAL], JUDGE),  # the cookie settings mention that consent can be withdrawn
    ("N12", [WITHDRAWAL, SETTINGS], NOT_FOUND),
    ("N13", [COMPLAINT], NOT_FOUND),
    ("N14", [DUTY], NOT_FOUND),
    ("N15", [AUTOMATED], NOT_FOUND),
    ("N16", [OTHER_PURPOSES], NOT_FOUND),
    ("N17", [SOURCE], JUDGE),
    ("N18", [META], NOT_FOUND),
    ("N19", [COOKIE_LIST], NOT_FOUND),
    ("N20", [WITHDRAWAL, SETTINGS], JUDGE),
    ("N20", [WITHDRAWAL, COOKIES], NOT_FOUND),
    ("N21", [CHANGES], NOT_FOUND),
    ("N22", [CHANGES], NOT_FOUND),
    ("N26", [RECORD], JUDGE),  # the storage periods mention that there are records
    ("N26", [RECORD, KEEP], NOT_FOUND),
]

# Each element as another author might put it: other order, other forms, other words.
OTHER_WORDS = {
    "N1": "<p>Pārzine: sabiedrība ar ierobežotu atbildību „Paraugs”, LV-0000 Rīga – tāda ir tās adrese; "
    "uzņēmumu reģistrā tai piešķirts 00000000000. Rakstiet: kontakti@example.org</p>",
    "N2": "<p>Datu aizsardzības speciālistu mūsu uzņēmums nav iecēlis.</p>",
    "N3": "<p>Personu datus apstrādājam diviem mērķiem.</p><h2>Sīkdatnes</h2><p>Reklāmu rādīšanai, apmeklējumu "
    "statistikai un vietnei nepieciešamajām funkcijām.</p>",
    "N4": "<p>Piekrišana ir tiesiskais pamats, ar ko Hotjar un Google vietnē lieto sīkdatnes.</p>",
    "N5": "<p>Krāpšanas novēršana un sistēmu drošība ir mūsu leģitīmā interese.</p>",
    "N6": "<p>Sīkdatnes lasa Google.</p><p>Apstrādātājiem un iestādēm nododam personu datus.</p>",
    "N7": "<p>Ja datus pārsūtām uz trešajām valstīm, noslēdzam līguma standartklauzulas.</p>",
    "N8": "<h2>Glabāšanas termiņi</h2><p>Piecus gadus glabājam klientu personas datus.</p>",
    "N9": "<h2>Ko varat prasīt</h2><ul><li><p>Iebilst pret apstrādi un uz datu pārnešanu,</p></li>"
    "<li>ierobežot, dzēst vai labot datus,</li><li>piekļūt tiem</li></ul><p>– tādas ir apmeklētāja tiesības.</p>",
    "N10": "<p>Mēneša laikā izskatām iesniegumu, ko sūtāt mums. Bez maksas!</p>",
    "N11": "<h3>Iebildumi</h3><p>Iebilst pret tiešo tirgvedību ir jūsu tiesības.</p>",
    "N12": "<p>Atsaucot piekrišanu (to var jebkurā brīdī), iepriekšējā apstrāde paliek likumīga.</p>",
    "N13": "<p>Datu valsts inspekcija izskata sūdzības.</p>",
    "N14": "<p>Sniegt datus nav obligāti. Tos nesniedzot, līgumu nenoslēgsim.</p>",
    "N15": "<p>Profilēšanu neveicam, un lēmumus automātiski nepieņemam.</p>",
    "N16": "<p>Pirms apstrādājam datus jaunam mērķim, par to paziņojam.</p>",
    "N17": "<p>No jums datus saņemam visbiežāk; vēl personas datus vācam no publiskiem avotiem.</p>",
    "N18": "<p>Vienošanās ar Facebook nosaka, kurš kopīgais pārzinis par ko atbild.</p>",
    "N19": "<h2>Sīkdatnes</h2><table><tr><td>_ga</td><td>trešā puse</td><td>90 dienas</td></tr></table>",
    "N20": "<p>Noraidīt sīkdatnes vai pārskatīt izvēli var, atverot sīkdatņu iestatījumus.</p>",
    "N21": "<p>Spēkā kopš 22.11.2026. ir 7. versija.</p>",
    "N22": "<p>Par grozījumiem šajā politikā iepriekš informēsim pa e-pastu.</p>",
    "N26": "<p>Reģistrējam jūsu izvēles, lai tās pierādītu, un pēc diviem gadiem dzēšam.</p>",
}


def statuses(text: str) -> dict[str, Status]:
    return {finding.element: finding.status for finding in check(text)}


def without(text: str, *titles: str) -> str:
    """The text without the named sections and what is below them."""
    for title in titles:
        level = next(m[1] for m in re.finditer(r"<h(\d)>(.*?)</h\1>", text) if m[2] == title)
        heading = re.escape(f"<h{level}>{title}</h{level}>")
        text, cuts = re.subn(rf"{heading}.*?(?=<h[1-{level}]>|\Z)", "", text, flags=re.DOTALL)
        assert cuts == 1
    return text


def _constant(value: str) -> Callable[[str], str]:
    return lambda _language: value


def rendered(text: str) -> str:
    """The text with its merge fields as a page shows them."""
    values = {
        "company.name": "SIA OSS Networks",
        "company.email": '<a href="mailto:info@example.org">info@example.org</a>',
        "company.office": '<a href="tel:+37100000000">+371 00 000 000</a>',
        "company.support": '<a href="tel:+37100000000">+371 00 000 000</a>',
        "company.hours": "Pr - Pk: 08:30 - 18:30",
        "cookie_declaration": "<h4>Facebook sīkdatnes</h4><table><thead><tr><th>Nosaukums</th><th>Glabāšanas ilgums"
        "</th><th>Veids</th></tr></thead><tbody><tr><th>fr</th><td>90 dienas</td><td>trešās puses</td></tr></tbody>"
        "</table>",
        "cookie_settings": '<a href="/iestatijumi/">Sīkdatņu iestatījumi</a>',
        "effective_date": "2026. gada 22. novembra",
    }
    return fill_in(text, {name: _constant(value) for name, value in values.items()}, "lv")


@pytest.fixture(scope="module")
def draft_with_its_facts() -> str:
    """Draft 2 as it will be when the company has filled in the blanks."""
    text = DRAFT_2
    for blank in blanks(DRAFT_2):
        if "reģistrācijas numurs" in blank:
            fact = "00000000000"
        elif "adrese" in blank:
            fact = "Parauga iela 1, Rīga, LV-0000"
        else:
            fact = "5 gadi" if "glabā" in blank else "paraugs"
        text = text.replace(blank, fact)
    return text


@pytest.mark.parametrize("text", [VERSION_1, rendered(VERSION_1)], ids=["raw", "rendered"])
def test_version_1_agrees_with_the_table(text: str) -> None:
    assert statuses(text) == TABLE


def test_version_1_lacks_three_of_the_sections_that_it_promises() -> None:
    assert missing_sections(VERSION_1) == (
        "Informācija par mārketinga paziņojumiem",
        "Jūsu tiesības",
        "Cita būtiska informācija par privātumu",
    )
    assert blanks(VERSION_1) == ()


@pytest.mark.parametrize("text", [DRAFT_2, rendered(DRAFT_2)], ids=["raw", "rendered"])
def test_draft_2_misses_nothing_but_the_facts_of_the_company(text: str) -> None:
    assert NOT_FOUND not in statuses(text).values()
    assert missing_sections(text) == ()
    assert "[[jānorāda: reģistrācijas numurs]]" in blanks(text)


@pytest.mark.parametrize("fill", [str, rendered], ids=["raw", "rendered"])
def test_draft_2_is_complete_once_its_blanks_are_filled_in(draft_with_its_facts: str, fill: type[str]) -> None:
    text = fill(draft_with_its_facts)
    assert set(statuses(text).values()) == {PRESENT}
    assert blanks(text) == ()


@pytest.mark.parametrize("element", ["N1", "N2", "N6", "N7", "N8", "N14", "N15", "N17", "N18"])
def test_an_element_that_waits_for_a_fact_is_left_to_a_person(element: str) -> None:
    assert statuses(DRAFT_2)[element] == JUDGE


@pytest.mark.parametrize(("element", "sections", "left"), CARRIED_BY)
def test_an_element_goes_with_the_sections_that_carry_it(
    draft_with_its_facts: str, element: str, sections: list[str], left: Status
) -> None:
    assert statuses(without(draft_with_its_facts, *sections))[element] == left


def test_without_the_section_about_the_complaint_it_is_not_found() -> None:
    assert statuses(without(DRAFT_2, COMPLAINT))["N13"] == NOT_FOUND


@pytest.mark.parametrize(("element", "text"), OTHER_WORDS.items())
def test_other_order_and_other_endings_are_understood(element: str, text: str) -> None:
    assert statuses(text)[element] == PRESENT


def test_each_element_has_a_way_to_be_found_and_a_way_to_be_missed() -> None:
    assert set(TABLE) == set(OTHER_WORDS) == {element for element, _, _ in CARRIED_BY}


@pytest.mark.parametrize(
    "text", ["", " \n", "x", "<p></p>", "<h2></h2>", "<ul></ul>", "<!-- a -->", "\x00", "&#xFFFE;"]
)
def test_a_text_that_says_nothing_has_nothing_and_breaks_nothing(text: str) -> None:
    assert set(statuses(text).values()) == {NOT_FOUND}
    assert missing_sections(text) == ()
    assert blanks(text) == ()


def test_a_finding_names_article_and_advice_in_one_line() -> None:
    for finding in check(""):
        assert re.match(r"\d+\(", finding.article)
        assert str(finding.what)
        assert str(finding.advice).endswith(".")
        assert "\n" not in str(finding.advice)


def test_the_list_of_contents_promises_and_does_not_inform() -> None:
    promise = "<ul><li>Sūdzība Datu valsts inspekcijai</li></ul>"
    assert statuses(f"{promise}<h2>Par mums</h2>")["N13"] == NOT_FOUND
    assert statuses(f"<h2>Par mums</h2>{promise}")["N13"] == PRESENT


def test_a_blank_says_nothing_itself() -> None:
    assert statuses("<p>[[jānorāda: sūdzība Datu valsts inspekcijai]]</p>")["N13"] == NOT_FOUND


def test_marks_in_different_sections_are_no_element() -> None:
    assert statuses("<h2>Sūdzības par preci</h2><h2>Datu valsts inspekcija</h2>")["N13"] == NOT_FOUND


def test_how_a_text_is_typed_makes_no_difference() -> None:
    typed = "<p>Datu&nbsp;valsts\n<!-- a -->inspek&shy;cija <strong>iz</strong>skata<br>sūdzības.</p>"
    assert statuses(typed)["N13"] == PRESENT
    assert statuses(unicodedata.normalize("NFD", typed.upper().replace("&NBSP;", " ").replace("&SHY;", "")))["N13"] == (
        PRESENT
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<p>[[jānorāda:\n <strong>adrese</strong>]] un [[jānorāda: adrese]]</p>", ("[[jānorāda: adrese]]",)),
        ("<p>[[jānorāda: adrese</p><p>tālrunis]]</p>", ("[[jānorāda: adrese",)),
        ("<p>[jānorāda: adrese] un a[0]</p>", ()),
    ],
    ids=["each once", "without its end", "other brackets"],
)
def test_a_blank_is_found_however_it_is_written(text: str, expected: tuple[str, ...]) -> None:
    assert blanks(text) == expected


@pytest.mark.parametrize(
    ("promise", "heading", "kept"),
    [
        ("Kā mēs izmantojam jūsu personīgo informāciju;", "Kā mēs izmantojam Jūsu informāciju", True),
        ("Izmaiņas tajā, kā mēs aizsargājam jūsu privātumu;", "Izmaiņas privātuma aizsardzībā", True),
        ("Kā ar mums sazināties.", "Saziņa ar mums", False),
        ("Jūsu tiesības", "(2) Apmeklētāju tiesības un to īstenošana?", True),
        ("Kā mēs izmantojam sīkdatnes", "Kā mēs izmantojam Jūsu informāciju", False),
        ("Cik ilgi mēs glabājam informāciju", "Kā mēs izmantojam informāciju", False),
        ("Cita būtiska informācija par privātumu", "Izmaiņas privātuma aizsardzībā", False),
    ],
)
def test_a_promise_is_kept_by_a_heading_of_much_the_same_words(promise: str, heading: str, kept: bool) -> None:
    missing = missing_sections(f"<ul>\n<li><p>{promise}</p></li>\n</ul><h2>{heading}</h2>")
    assert missing == (() if kept else (promise.rstrip(";."),))


@pytest.mark.parametrize("text", ["<p>a</p>", "<h2>a</h2><ul><li>b</li></ul>"])
def test_a_text_without_a_list_of_contents_promises_nothing(text: str) -> None:
    assert missing_sections(text) == ()


@pytest.mark.parametrize("title", re.findall(r"<h2>(.*?)</h2>", DRAFT_2))
def test_each_section_of_draft_2_is_promised(title: str) -> None:
    (lost,) = missing_sections(without(DRAFT_2, title))
    assert lost == title


def test_draft_2_is_well_made() -> None:
    root = html.fragment_fromstring(DRAFT_2, create_parent="div")
    headings = [(int(heading.tag[1]), heading.text_content().strip()) for heading in root.iter(*HEADINGS)]
    words = [title for _, title in headings]
    assert all(words)
    assert len(set(words)) == len(words)
    assert headings[0][0] == 2
    assert all(after <= before + 1 for (before, _), (after, _) in pairwise(headings))
    allowed = {"h2", "h3", "p", "ol", "ul", "li", "strong", "em", "a"}
    assert {element.tag for element in root.iterdescendants()} <= allowed
    assert all(link.get("href").startswith("https://") for link in root.iter("a"))
    assert rendered(DRAFT_2)
    assert len(MERGE_FIELD.findall(DRAFT_2)) == DRAFT_2.count("{{") == DRAFT_2.count("}}")
    assert all(blank.startswith("[[jānorāda: ") and blank.endswith("]]") for blank in blanks(DRAFT_2))


@pytest.mark.parametrize(
    "slip", ["Jūsu informāciju", "rīcība,", "Hot Jar", "likumīgās intereses", "“", "un/vai", "šī "]
)
def test_the_language_slips_of_version_1_are_gone_from_draft_2(slip: str) -> None:
    assert slip in VERSION_1
    assert slip not in DRAFT_2
