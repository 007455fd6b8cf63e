"""What a privacy notice must say, looked for in its Latvian text: a help for editors, not a verdict."""

import re
import unicodedata
from dataclasses import dataclass
from typing import Any

from django.db.models import TextChoices
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from lxml.etree import iterwalk
from lxml.html import document_fromstring

# A mark is a set of patterns, word stems for the most part, that must all occur in one section, in whatever order.
Mark = tuple[str, ...]

HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
BLOCKS = (*HEADINGS, "p", "li", "ul", "ol", "table", "tr", "td", "th", "br", "div")
SECTION_BREAK = "\u2029"  # cannot come from the source: all its white space is made plain before
BLANK = re.compile(r"\[\[[^\[\]\n]*(?:\]\])?")  # one that lacks its end is a blank as well
STEM_LENGTH = 5  # as much of a word as Latvian endings and softened consonants leave alone
STOP_WORDS = {"jūsu", "mūsu", "jums", "mums", "tajā"}  # besides all words of up to three letters

COOKIE = r"sīkda"
PERSONAL = r"\bperson\w+ (dat|inform)"
BASIS = r"\b(juridisk|tiesisk)\w* pamat|pamatoj(oties|as|am)"
INTERESTS = r"\b(leģitīm|likumīg)\w* interes"
RIGHT = r"tiesīb"
OBJECT = r"\biebil(st|dumi|dumus|šan)"
OUTSIDE = r"ārpus (eiropas|es\b|eez\b)|\btreš\w+ valst|\bstarptautisk\w+ organizāc"
JOINT = r"\bkop[īē]\w* (pārzi[nņ]|atbild)|\bpārzi[nņ]\w* kop[īē]"
OTHER_PURPOSE = r"\b(cit|jaun)\w* (nolūk|mērķ)|\b(nolūk|mērķ)\w*,? (kas nav|kas atšķir|nevis)"
DECLARED = r"cookie_declaration|\b_(ga|fb[pc]|hj|cs_)|nosaukum"
DURATION = r"\b(\d+|(vien|div|trī|četr|piec|seš|septiņ|astoņ|deviņ|desmit)\w*) (dien|nedēļ|mēne|gad)"
DUTY = r"(obligāt|pienākum|brīvprātīg)"
NEAR = r"[^.\n]{0,200}"  # within one sentence
CHANGE = r"izmai[nņ]|grozīj|mainī"
RECORD = r"ierakst|reģistr"
CHOICE = r"piekrišan|piekrīt|izvēl"


class Status(TextChoices):
    """What the marks of an element say about it."""

    PRESENT = "present", _("present")
    NOT_FOUND = "not_found", _("not found")
    TO_BE_JUDGED = "to_be_judged", _("to be judged by a person")


@dataclass(frozen=True)
class Element:
    """Something a notice must say: the GDPR article that demands it, and the marks by which the text shows it."""

    element: str
    article: str
    what: Promise
    advice: Promise
    marks: tuple[Mark, ...]


@dataclass(frozen=True)
class Finding:
    """What the check says of one element; ``article`` is of the GDPR (Regulation (EU) 2016/679)."""

    element: str
    article: str
    what: Promise
    status: Status
    advice: Promise


ELEMENTS = (
    Element("N1", "13(1)(a)", _("Who the controller is and how to reach it"),
            _("Give the company’s name, registration number, legal address and e-mail."),
            ((r"company\.name|\bsia\b|ierobežotu atbildību",), (r"company\.email|@",),
             (r"reģistr", r"\b\d{11}\b"), (r"adres", r"\blv-\d{4}\b"))),
    Element("N2", "13(1)(b)", _("Data protection officer"),
            _("Say how to reach the data protection officer, or that none has been appointed."),
            ((r"speciālist", r"privātum|datu aizsardz"), (r"datu aizsardzības speciālist",))),
    Element("N3", "13(1)(c)", _("Purposes of the processing"),
            _("Name a purpose for each kind of data and for each category of cookies."),
            ((r"nolūk|mērķ", r"apstrād", PERSONAL),
             (COOKIE, r"nepieciešam", r"analītisk|statisti", r"reklām|mārketing"))),
    Element("N4", "13(1)(c)", _("Lawful basis of each purpose"),
            _("Name one basis for each purpose; for Google Analytics, Facebook and Hotjar it is consent."),
            ((BASIS,), (COOKIE, BASIS, r"piekrišan", r"analītisk|google|facebook|hotjar"))),
    Element("N5", "13(1)(d)", _("Legitimate interests"),
            _("Where the basis is legitimate interests, say which interests they are."),
            ((INTERESTS,), (INTERESTS, r"uzrau[dg]|uzlabo|administr|pārvald|drošīb|krāp|strīd|domstarp"))),
    Element("N6", "13(1)(e)", _("Recipients of the data"),
            _("Name all recipients or their categories, not only the services that set cookies."),
            ((COOKIE, r"\bpakalpojum\w* sniedzēj|google|facebook|hotjar"),
             (r"saņēmēj|nodo[dt]|izpau[sž]", PERSONAL, r"apstrādātāj|iestād|sniedzēj|partner"))),
    Element("N7", "13(1)(f)", _("Transfers outside the European Economic Area"),
            _("Say to which countries data go and with which safeguards, or that none leave the area."),
            ((OUTSIDE, r"sūt|nodo[dtš]|piekļ|glabā|apstrād"),
             (OUTSIDE, r"klauzul|garantij|pietiekam|lēmum|netiek|nenosūt|nesūt|nenodo"))),
    Element("N8", "13(2)(a)", _("How long data are kept"),
            _("Give a period, or the criteria that determine it, for each kind of data."),
            ((r"glabā", PERSONAL), (r"\A[^\n]*(glabā|ilg|termiņ)", r"glabā", rf"{DURATION}|kritērij"))),
    Element("N9", "13(2)(b)", _("Rights of access, rectification, erasure, restriction, portability and objection"),
            _("List all six rights in words that a visitor understands."),
            ((RIGHT, r"piekļ[ūu]"), (RIGHT, r"\b(iz)?labo[tšj]"), (RIGHT, r"dzē[sš]"),
             (RIGHT, r"ierobežo"), (RIGHT, r"pārne[sš]"), (RIGHT, OBJECT))),
    Element("N10", "12(2)–(5)", _("How to exercise the rights"),
            _("Say where to send a request, that the answer comes within one month, and that it is free."),
            ((r"pieprasījum|iesniegum", r"company\.email|@|rakst|sūt|iesnie"),
             (r"pieprasījum|iesniegum|lūgum", r"mēne[sš]"),
             (r"pieprasījum|iesniegum|lūgum|tiesīb", r"bez ?maksas|nav jāmaksā"))),
    Element("N11", "21(4)", _("Right to object, shown apart"),
            _("Give the right to object a heading of its own, and mention direct marketing."),
            ((r"\A[^\n]*iebil",),
             (RIGHT, OBJECT, rf"\btieš\w+ (mārketing|tirgvedīb)|{INTERESTS}"))),
    Element("N12", "13(2)(c)", _("Withdrawal of consent"),
            _("Say that consent can be withdrawn at any time, how, and that earlier processing stays lawful."),
            ((r"atsau[ck]", r"piekrišan", r"jebkur|jebkad"),
             (r"atsau[ck]", r"piekrišan", r"likumīg|neietekmē|neskar"))),
    Element("N13", "13(2)(d)", _("Complaint to the supervisory authority"),
            _("Say that one may complain to Datu valsts inspekcija, and give its address."),
            ((r"sūdz", r"inspekcij|uzraudzības iestād|\bdvi\b"), (r"sūdz", r"datu valsts inspekcij|\bdvi\b"))),
    Element("N14", "13(2)(e)", _("Whether data must be given"),
            _("Say which data a law or contract demands, and what follows when they are not given."),
            ((rf"{DUTY}{NEAR}\b(ie)?snie[gd]|\b(ie)?snie[gd]{NEAR}{DUTY}",),
             (r"\bne(ie)?snie[gd]|nenorād|\batteik\w+ (ie)?sniegt", r"\bdat(i|u|us|iem)\b|inform"))),
    Element("N15", "13(2)(f)", _("Automated decisions and profiling"),
            _("Say whether there are any; if so, their logic, significance and consequences."),
            ((r"automāti|automatizē", r"lēmum"), (r"profil[ēa]", r"lēmum|automāti|automatizē"))),
    Element("N16", "13(3)", _("Further purposes"),
            _("Say that visitors will be told before their data are used for another purpose."),
            ((OTHER_PURPOSE, r"apstrād|izmanto"), (OTHER_PURPOSE, r"pirms|iepriekš", r"inform|paziņo"))),
    Element("N17", "14(2)(f)", _("Source of the data"),
            _("Say from where data come that visitors have not given themselves, or that there are none."),
            ((r"iegū|saņ[eē]m|vāc", r"no jums|no datu subjekta"), (r"avot", r"iegū|saņ[eē]m|vāc", r"personas dat"))),
    Element("N18", "26(2)", _("Joint control with Meta"),
            _("Name Meta as joint controller and give the essence of the arrangement with it."),
            ((JOINT, r"\bmeta\b|facebook"), (JOINT, r"\bmeta\b|facebook", r"vienošan|sadal"))),
    Element("N19", "13(1)(e), 13(2)(a)", _("Cookies: names, durations and third-party access"),
            _("Put in the cookie declaration: it lists every cookie from the registry."),
            ((COOKIE, DECLARED), (COOKIE, DECLARED, rf"cookie_declaration|ilgum|termiņ|{DURATION}"),
             (COOKIE, DECLARED, r"cookie_declaration|\btreš\w+ (pu[sš]|person)"))),
    Element("N20", "7(3)", _("How to refuse cookies and open the settings again"),
            _("Say that cookies can be refused, and put in the link to the cookie settings."),
            ((COOKIE, r"atteik|noraid|bloķē|dzēst"),
             (r"cookie_settings|sīkdatņu iestatījum", r"main[īā]|atsau[ck]|noraid|pārskat"))),
    Element("N21", "12(1)", _("Version and effective date"),
            _("Say that this version is in force from its effective date; there is a merge field for it."),
            ((r"spēkā", r"redakcij|versij"),
             (r"spēkā", r"effective_date|\d{4}\. gada|\d\d?\.\d\d?\.\d{4}"))),
    Element("N22", "12(1)", _("How changes are announced"),
            _("Say where and when visitors learn of a change before it affects them."),
            ((CHANGE, r"paziņojum|politik|redakcij", r"inform|paziņos"),
             (CHANGE, r"inform|paziņos", r"vietn|e-past", r"pirms|iepriekš"))),
    Element("N26", "7(1)", _("The record of consent"),
            _("Say that each choice is recorded, why, and how long the record is kept."),
            ((CHOICE, RECORD, r"pierād|apliecin"), (CHOICE, RECORD, DURATION))),
)  # fmt: skip


def check(html: str) -> tuple[Finding, ...]:
    """Look for every element in a Latvian notice, its merge fields filled in or not (GDPR articles 12 to 14).

    An element is present when each of its marks occurs in a section without a blank, and not found when none occurs.
    """
    root = _parse(html)
    promises = _own_contents(root)
    if promises is not None:
        promises.clear(keep_tail=True)  # a list of contents promises, it does not inform
    sections = _text(root).lower().split(SECTION_BREAK)
    read = [BLANK.sub(" ", section) for section in sections]
    settled = [section for section in sections if not BLANK.search(section)]
    return tuple(
        Finding(element.element, element.article, element.what, _status(element.marks, read, settled), element.advice)
        for element in ELEMENTS
    )


def missing_sections(html: str) -> tuple[str, ...]:
    """What the text's own list of contents, the first list before any heading, promises and no heading delivers.

    Not to mislead the reader is part of transparency (GDPR article 5(1)(a)).
    """
    root = _parse(html)
    promises = _own_contents(root)
    if promises is None:
        return ()
    headings = [_stems(heading.text_content()) for heading in root.iter(*HEADINGS)]
    promised = [" ".join(item.text_content().split()).rstrip(" ;.,") for item in promises.iter("li")]
    return tuple(promise for promise in promised if not any(_same(_stems(promise), words) for words in headings))


def blanks(html: str) -> tuple[str, ...]:
    """The marks ``[[…]]`` where a fact of GDPR articles 13 and 14 is still to be given, each once, in reading order."""
    return tuple(dict.fromkeys(BLANK.findall(_text(_parse(html)))))


def _status(marks: tuple[Mark, ...], read: list[str], settled: list[str]) -> Status:
    if all(_occurs(mark, settled) for mark in marks):
        return Status.PRESENT
    if any(_occurs(mark, read) for mark in marks):
        return Status.TO_BE_JUDGED
    return Status.NOT_FOUND


def _occurs(mark: Mark, sections: list[str]) -> bool:
    """Whether some section holds all patterns of the mark."""
    return any(all(re.search(pattern, section) for pattern in mark) for section in sections)


def _parse(html: str) -> Any:
    """The element tree, all white space of the source made plain and letters composed (a Mac's „ā” is two)."""
    return document_fromstring("<body>" + " ".join(unicodedata.normalize("NFC", html).split()))


def _own_contents(root: Any) -> Any:
    """The list of contents that the author wrote, or None."""
    first = next(root.iter("ul", *HEADINGS), None)
    return first if first is not None and first.tag == "ul" else None


def _text(root: Any) -> str:
    """The words, a line for each block; a section starts at each heading, and its first line is that heading."""
    words: list[str] = []
    for event, node in iterwalk(root, events=("start", "end", "comment", "pi")):
        if event == "start":
            words += [SECTION_BREAK if node.tag in HEADINGS else "\n" if node.tag in BLOCKS else "", node.text or ""]
        else:
            words += ["\n" if node.tag in BLOCKS else "", node.tail or ""]
    return "".join(words).replace("\u00a0", " ").replace("\u00ad", "")


def _stems(words: str) -> frozenset[str]:
    found = re.findall(r"\w{4,}", unicodedata.normalize("NFC", words).lower())
    return frozenset(word[:STEM_LENGTH] for word in found if word not in STOP_WORDS)


def _same(promise: frozenset[str], heading: frozenset[str]) -> bool:
    """Whether a heading delivers a promise: it has all its words, or the two share more than half of the longer one."""
    return promise <= heading or len(promise & heading) * 2 > max(len(promise), len(heading))
