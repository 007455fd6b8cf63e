"""A receipt is the visitor's alone; whoever holds it learns whether it is valid, altered or unknown."""

import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any
from urllib.parse import urlencode

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from django.urls import reverse
from django.utils.translation import override
from lxml import html

from consent import checking, facts, retention, signing, statements
from consent.checking import NotAReceipt, Reason, Verdict
from consent.disclosures import Shown
from consent.merkle import is_included
from consent.models import ConsentRecord, SealedRecord
from ossnet_site import middleware
from tests.consent.decide import FORM, decide
from tests.consent.seals import DAY, NOW, by_force, seal

RECEIPT = "/sikdatnes/apliecinajums/"
CHECK = "/sikdatnes/parbaude/"
RESULTS = {
    "valid": "Apliecinājums ir derīgs",
    "altered": "Apliecinājums ir mainīts",
    "unknown": "Apliecinājums nav zināms",
}


@pytest.fixture
def record(visitor: Client, shown: Shown) -> ConsentRecord:
    """A decision that is not sealed yet."""
    with time_machine.travel(NOW, tick=False):
        decide(visitor, "save", "analytics", disclosure=shown.sha256)
    visitor.cookies["consent"]["expires"] = ""
    return ConsentRecord.objects.get()


@pytest.fixture
def sealed(record: ConsentRecord) -> ConsentRecord:
    """The same, sealed."""
    with time_machine.travel(NOW + DAY, tick=False):
        seal()
    return record


def download(visitor: Client, record: ConsentRecord, ending: str) -> str:
    response = visitor.get(f"{RECEIPT}{record.number}.{ending}")
    assert response.status_code == 200
    assert response.headers["Cache-Control"] == "private, no-store"
    assert response.headers["X-Robots-Tag"] == "noindex"
    name = f'attachment; filename="consent-receipt-{record.number}.{ending}"'
    assert response.headers["Content-Disposition"] == name
    return str(response.content.decode())


def send(client: Client, text: str, address: str = CHECK) -> Any:
    return client.post(address, urlencode({"receipt": text}), content_type=FORM)


def said(response: Any) -> str:
    """The words of the answer, without those that always stand there."""
    (section,) = html.fromstring(response.content.decode()).xpath("//main//section")
    return " ".join(section.text_content().split())


def resigned(content: dict[str, Any]) -> str:
    return signing.sign(content, statements.KIND)


# The receipt


def test_the_receipt_says_what_the_record_says_and_nothing_of_the_client(
    visitor: Client, record: ConsentRecord
) -> None:
    content = json.loads(download(visitor, record, "json"))
    assert content["schema"] == "ISO/IEC TS 27560:2023"
    assert content["issuer"] == "http://testserver"
    assert content["receipt_id"] == record.number
    assert content["pii_principal_id"] == str(record.subject_id)
    assert content["party_identification"][0]["party_name"] == "SIA OSS Networks"
    assert content["event"]["event_type"] == "partly_given"
    assert content["event"]["event_time"] == "2026-11-23T12:00:00.000000+00:00"
    purposes = {purpose["purpose"]: purpose["consent_state"] for purpose in content["pii_processing"]["purposes"]}
    assert purposes == {"analytics": "given", "facebook": "refused", "hotjar": "refused"}
    assert content["pii_processing"]["privacy_notice"] == "http://testserver/privatuma-politika/versijas/1/"
    assert content["pii_processing"]["disclosure_sha256"] == record.disclosure_id
    assert content["check"] == "http://testserver" + CHECK
    assert content["record"] == facts.of(record)
    assert content["key_id"] == signing.public_keys()[0]["kid"]
    assert "inclusion" not in content
    assert not re.search(r"127\.0\.0\.1|agent|Mozilla", json.dumps(content))


def test_the_signed_copy_says_the_same(visitor: Client, sealed: ConsentRecord) -> None:
    signed = download(visitor, sealed, "jws")
    assert signing.verified(signed.strip(), "consent-receipt") == json.loads(download(visitor, sealed, "json"))
    assert download(visitor, sealed, "jws") == signed


def test_a_sealed_receipt_can_be_checked_without_this_site(visitor: Client, sealed: ConsentRecord) -> None:
    content = json.loads(download(visitor, sealed, "json"))
    proof = content["inclusion"]
    assert proof["entry"]["record_sha256"] == facts.sha256(content["record"])
    root = bytes.fromhex(signing.verified(proof["seal"], "consent-log-seal")["root"])
    path = [bytes.fromhex(step) for step in proof["path"]]
    assert is_included(facts.leaf_hash(proof["entry"]), proof["leaf_index"], proof["tree_size"], path, root)


def test_the_receipt_of_a_refusal_on_unknown_words_names_no_policy_it_does_not_know(visitor: Client) -> None:
    decide(visitor, "reject_all", disclosure="0" * 64)
    with by_force():
        ConsentRecord.objects.update(policy_version=None)
    content = json.loads(download(visitor, ConsentRecord.objects.get(), "json"))
    assert content["pii_processing"]["privacy_notice"] is None
    assert content["record"]["policy_version"] is None


@pytest.mark.parametrize("ending", ["json", "jws"])
def test_nobody_downloads_the_receipt_of_another(visitor: Client, record: ConsentRecord, ending: str) -> None:
    address = f"{RECEIPT}{record.number}.{ending}"
    other = Client(headers={"Sec-Fetch-Site": "same-origin"})
    assert other.get(address).status_code == 404
    decide(other, "reject_all")
    assert other.get(address).status_code == 404
    assert visitor.get(f"{RECEIPT}0000-0000-0000.{ending}").status_code == 404
    assert visitor.put(address).status_code == 405


def test_the_history_leads_to_both_copies_and_to_the_check(visitor: Client, record: ConsentRecord) -> None:
    links = html.fromstring(visitor.get(RECEIPT).content.decode()).xpath("//main//a/@href")
    assert {f"{RECEIPT}{record.number}.json", f"{RECEIPT}{record.number}.jws", CHECK} <= set(links)


def test_the_public_keys_are_published_and_linked(visitor: Client) -> None:
    response = visitor.get("/.well-known/jwks.json")
    assert json.loads(response.content) == {"keys": signing.public_keys()}
    assert response.headers["Cache-Control"] == "public, max-age=3600"
    assert not response.cookies
    links = html.fromstring(visitor.get(CHECK).content.decode()).xpath("//main//a/@href")
    assert {"/.well-known/jwks.json", "/.well-known/consent-log.json"} <= set(links)


# The check: valid


@pytest.mark.parametrize("ending", ["json", "jws"])
@pytest.mark.parametrize("is_sealed", [False, True])
def test_a_receipt_as_it_was_downloaded_is_valid(
    visitor: Client, record: ConsentRecord, ending: str, is_sealed: bool
) -> None:
    if is_sealed:
        with time_machine.travel(NOW + DAY, tick=False):
            seal()
    text = download(visitor, record, ending)
    response = send(Client(headers={"Sec-Fetch-Site": "same-origin"}), text)
    assert response.status_code == 200
    assert response.headers["Cache-Control"] == "private, no-store"
    assert response.headers["X-Robots-Tag"] == "noindex"
    words = said(response)
    assert words.startswith(RESULTS["valid"])
    assert ("nav paraksta" in words) == (ending == "json")
    for fact in (record.number, "23.11.2026. 14:00:00", "daļēji", "Analītiskās sīkdatnes", "Hotjar sīkdatnes"):
        assert fact in words


def test_the_receipt_from_before_the_seal_stays_valid_after_it(visitor: Client, record: ConsentRecord) -> None:
    before = download(visitor, record, "jws")
    with time_machine.travel(NOW + DAY, tick=False):
        seal()
    assert checking.check(before).reason is Reason.SIGNED


def test_a_receipt_that_a_mail_program_broke_into_lines_is_valid(visitor: Client, record: ConsentRecord) -> None:
    text = download(visitor, record, "jws")
    broken = "\r\n ".join(text[start : start + 76] for start in range(0, len(text), 76))
    assert checking.check(broken).verdict is Verdict.VALID


def test_an_old_key_s_receipt_is_valid_after_the_rotation(
    visitor: Client, record: ConsentRecord, settings: Any
) -> None:
    signed, plain = download(visitor, record, "jws"), download(visitor, record, "json")
    settings.CONSENT_SIGNING_KEYS = signing.rotated("A" * 42 + "E").split(",")
    assert checking.check(signed).reason is Reason.SIGNED
    assert checking.check(plain).reason is Reason.UNSIGNED


def test_a_purged_record_s_receipt_is_valid_and_said_to_be_of_the_past(visitor: Client, sealed: ConsentRecord) -> None:
    signed, plain = download(visitor, sealed, "jws"), download(visitor, sealed, "json")
    with by_force():
        ConsentRecord.objects.all()._raw_delete("default")
    assert checking.check(signed).reason is Reason.PURGED
    assert checking.check(plain).reason is Reason.UNSIGNED_PURGED
    assert "glabāšanas laiks ir beidzies" in said(send(visitor, signed))
    content = json.loads(plain)
    content["record"]["grants"]["hotjar"] = True
    assert checking.check(json.dumps(content)).reason is Reason.DIFFERS


def test_a_real_purge_leaves_receipts_that_can_be_checked(visitor: Client, sealed: ConsentRecord) -> None:
    signed = download(visitor, sealed, "jws")
    with time_machine.travel(NOW + 3000 * DAY, tick=False), by_force():
        assert retention.purge().records == 1
    assert SealedRecord.objects.count() == 1
    assert checking.check(signed).reason is Reason.PURGED


def test_a_file_is_taken_as_well_and_never_touches_the_disk(
    visitor: Client, record: ConsentRecord, settings: Any, tmp_path: Any
) -> None:
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path)
    text = download(visitor, record, "jws")
    file = SimpleUploadedFile("receipt.jws", b"\xef\xbb\xbf" + text.encode())
    response = visitor.post(CHECK, {"receipt": "something else", "file": file})
    assert said(response).startswith(RESULTS["valid"])
    assert text.strip() in response.content.decode()
    assert not any(tmp_path.iterdir())


# The check: altered


def test_a_signed_receipt_altered_in_any_one_character_is_never_valid(visitor: Client, sealed: ConsentRecord) -> None:
    text = download(visitor, sealed, "jws").strip()
    for place in range(0, len(text), 7):
        altered = text[:place] + ("A" if text[place] != "A" else "B") + text[place + 1 :]
        try:
            verdict = checking.check(altered).verdict
        except NotAReceipt:
            assert text[place] == "."
        else:
            assert verdict is not Verdict.VALID
    payload = text.index(".") + 40
    altered = text[:payload] + ("A" if text[payload] != "A" else "B") + text[payload + 1 :]
    assert said(send(visitor, altered)).startswith(RESULTS["altered"])


def test_a_plain_receipt_altered_in_any_one_letter_or_digit_is_never_valid(
    visitor: Client, sealed: ConsentRecord
) -> None:
    text = download(visitor, sealed, "json")
    for place in [match.start() for match in re.finditer(r"[A-Za-z0-9]", text)][::5]:
        altered = text[:place] + ("7" if text[place] != "7" else "8") + text[place + 1 :]
        try:
            verdict = checking.check(altered).verdict
        except NotAReceipt:
            continue
        assert verdict is not Verdict.VALID, text[place - 40 : place + 10]
    response = send(visitor, text.replace('"refused"', '"given"', 1))
    assert said(response).startswith(RESULTS["altered"])
    assert sealed.number not in said(response)


@pytest.mark.parametrize(
    "change",
    [
        {"inclusion": None},
        {"inclusion": {"leaf_index": 0}},
        {"schema_version": 1.5},
        {"more": 1},
        {"party_identification": []},
        {"number": 2**60},
        {"words": "\ud800"},
        {"key_id": 5},
    ],
    ids=str,
)
def test_a_plain_receipt_with_another_part_is_altered(
    visitor: Client, sealed: ConsentRecord, change: dict[str, Any]
) -> None:
    content = json.loads(download(visitor, sealed, "json")) | change
    assert checking.check(json.dumps(content)).reason is Reason.DIFFERS


def test_a_signed_receipt_that_the_log_contradicts_accuses_the_log(visitor: Client, sealed: ConsentRecord) -> None:
    signed = download(visitor, sealed, "jws")
    with by_force():
        ConsentRecord.objects.update(gpc=True)
    response = send(visitor, signed)
    assert said(response).startswith(RESULTS["altered"])
    assert "rakstiet mums" in said(response)


def test_a_log_that_was_made_anew_is_noticed_by_whoever_holds_a_receipt(visitor: Client, sealed: ConsentRecord) -> None:
    signed = download(visitor, sealed, "jws")
    with by_force():
        SealedRecord.objects.all()._raw_delete("default")
    assert checking.check(signed).reason is Reason.LOG_DIFFERS


# The check: unknown


def test_a_receipt_of_an_unknown_key_is_unknown(visitor: Client, record: ConsentRecord, settings: Any) -> None:
    ours = settings.CONSENT_SIGNING_KEYS
    settings.CONSENT_SIGNING_KEYS = ["A" * 42 + "E"]
    foreign = download(visitor, record, "jws")
    settings.CONSENT_SIGNING_KEYS = ours
    assert checking.check(foreign).reason is Reason.UNKNOWN_KEY
    assert said(send(visitor, foreign)).startswith(RESULTS["unknown"])


@pytest.mark.parametrize("issuer", ["https://other.example", "http://testserver.evil.example", "", "http://[", "x"])
def test_a_receipt_of_another_issuer_is_unknown(visitor: Client, record: ConsentRecord, issuer: str) -> None:
    content = json.loads(download(visitor, record, "json")) | {"issuer": issuer}
    assert checking.check(json.dumps(content)).reason is Reason.OTHER_ISSUER
    assert checking.check(resigned(content)).reason is Reason.OTHER_ISSUER


def test_a_host_that_was_the_first_once_is_still_ours(visitor: Client, record: ConsentRecord, settings: Any) -> None:
    settings.CONSENT_ISSUER = "http://localhost"
    signed = download(visitor, record, "jws")
    settings.CONSENT_ISSUER = "http://testserver"
    assert checking.check(signed).reason is Reason.SIGNED


def test_a_record_that_the_log_does_not_know_is_unknown(visitor: Client, record: ConsentRecord) -> None:
    signed, plain = download(visitor, record, "jws"), download(visitor, record, "json")
    with by_force():
        ConsentRecord.objects.all()._raw_delete("default")
    for text in (signed, plain):
        assert checking.check(text).reason is Reason.NOT_IN_LOG
        assert said(send(visitor, text)).startswith(RESULTS["unknown"])


def test_a_seal_is_no_receipt(visitor: Client, sealed: ConsentRecord) -> None:
    assert checking.check(SealedRecord.objects.get().seal.jws).reason is Reason.DAMAGED


# Bad input

NOTHING = {
    "nothing": "",
    "spaces": " \n ",
    "prose": "Es piekrītu.",
    "two dots": "ā.b.c",
    "half of JSON": '{"record": ',
    "a list": "[1]",
    "another object": "{}",
    "a record that is none": '{"issuer": "http://testserver", "record": 5}',
    "no id": '{"issuer": "http://testserver", "record": {}}',
    "an id that is none": '{"issuer": "http://testserver", "record": {"record_id": "x"}}',
    "a number as an id": '{"issuer": "http://testserver", "record": {"record_id": 5}}',
    "no issuer": '{"record": {"record_id": "00000000-0000-4000-8000-000000000000"}}',
    "a name twice": '{"a": 1, "a": 2}',
    "not a number": '{"a": NaN}',
    "nested without end": '{"a":' * 3000,
    "a NUL": '{"a": "\x00"}',
    "a digit without end": '{"a": %s}' % ("9" * 9000),
}


@pytest.mark.parametrize("text", NOTHING.values(), ids=NOTHING.keys())
def test_what_is_no_receipt_is_said_to_be_none_and_stays_in_its_field(visitor: Client, text: str) -> None:
    response = send(visitor, text)
    document = html.fromstring(response.content.decode().replace("\x00", ""))
    assert response.status_code == 400
    assert "Tas nav piekrišanas apliecinājums." in document.xpath("string(//main//*[@role='alert'])")
    assert response.headers["Cache-Control"] == "private, no-store"
    assert document.xpath("string(//textarea)").strip("\n") == text.strip("\n").replace("\x00", "")


def test_a_signed_receipt_without_a_record_is_none(visitor: Client) -> None:
    with pytest.raises(NotAReceipt):
        checking.check(resigned({"issuer": "http://testserver"}))


def test_what_was_pasted_is_shown_as_text(visitor: Client) -> None:
    response = send(visitor, "</textarea><script>alert(1)</script>", "/en/cookies/check/")
    assert b"</textarea><script>" not in response.content
    assert b"This is no consent receipt." in response.content


def test_a_file_that_is_no_text_is_no_receipt(visitor: Client) -> None:
    response = visitor.post(CHECK, {"file": SimpleUploadedFile("x.jws", b"\xff\xfe")})
    assert response.status_code == 400


@pytest.mark.parametrize(("address", "words"), [(CHECK, "ir pārāk liels"), ("/en/cookies/check/", "is too large")])
@pytest.mark.parametrize("is_file", [False, True])
def test_a_megabyte_is_refused_in_the_visitor_s_language(
    visitor: Client, address: str, words: str, is_file: bool
) -> None:
    text = json.dumps({"a": "x" * 1024 * 1024})
    if is_file:
        body = encode_multipart(BOUNDARY, {"file": SimpleUploadedFile("x.json", text.encode())})
        response = visitor.generic("POST", address, body, content_type=MULTIPART_CONTENT)
    else:
        response = send(visitor, text, address)
    assert response.status_code == 413
    assert words in response.content.decode()


def test_the_addresses_that_take_more_are_those_of_the_check() -> None:
    addresses = []
    for language in ("lv", "en"):
        with override(language):
            addresses.append(reverse("consent:check"))
    assert tuple(addresses) == middleware.CHECKS_RECEIPTS


@pytest.mark.parametrize("content_type", ["application/json", "text/plain", "multipart/mixed; boundary=x"])
def test_another_content_type_is_refused(visitor: Client, content_type: str) -> None:
    assert visitor.generic("POST", CHECK, b"{}", content_type=content_type).status_code == 415


def test_a_broken_upload_is_a_bad_request(visitor: Client) -> None:
    assert visitor.generic("POST", CHECK, b"x", content_type="multipart/form-data").status_code == 400


def test_another_site_cannot_send_a_receipt_here(site: None) -> None:
    client = Client(headers={"Sec-Fetch-Site": "cross-site"})
    assert send(client, "{}").status_code == 403


@time_machine.travel(NOW, tick=False)
def test_too_many_checks_are_refused_for_a_while_and_reading_is_not(visitor: Client, settings: Any) -> None:
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"check": "3/minute"}
    stranger = Client(headers={"Sec-Fetch-Site": "cross-site"})
    assert [send(stranger, "{}").status_code for _ in range(4)] == [403] * 4
    answers = [send(visitor, "{}") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [400, 400, 400, 429]
    assert 0 < int(answers[-1].headers["Retry-After"]) <= 61
    assert "Pārāk daudz" in answers[-1].content.decode()
    assert visitor.get(CHECK).status_code == 200


def test_the_page_is_the_same_for_everybody_and_not_indexed(visitor: Client) -> None:
    response = visitor.get(CHECK)
    assert response.headers["X-Robots-Tag"] == "noindex"
    assert response.content == visitor.get(CHECK).content


def test_without_a_registry_categories_are_named_by_their_slugs(visitor: Client, record: ConsentRecord) -> None:
    from consent import disclosures
    from consent.models import CookieDeclaration

    text = download(visitor, record, "jws")
    CookieDeclaration.objects.get(cookie__name="_ga").delete()
    disclosures.forget()
    assert "analytics" in said(send(visitor, text))


def test_a_payload_that_was_exchanged_is_altered(visitor: Client, record: ConsentRecord) -> None:
    header, payload, signature = download(visitor, record, "jws").strip().split(".")
    content = json.loads(urlsafe_b64decode(payload + "=="))
    content["record"]["grants"]["hotjar"] = True
    other = urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")
    assert checking.check(f"{header}.{other}.{signature}").reason is Reason.DAMAGED
