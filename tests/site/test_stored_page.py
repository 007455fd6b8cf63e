"""A stored page is sent in the encoding that the browser takes, and not at all when it has it."""

import gzip

import brotli
import pytest

from ossnet_site.stored_page import Recent, StoredPage, chosen_encoding
from tests.site.fronted import Site


def test_each_encoding_has_bytes_and_a_tag_of_its_own(front: Site) -> None:
    plain, zipped, small = (front.get(HTTP_ACCEPT_ENCODING=name) for name in ("identity", "gzip", "gzip, deflate, br"))
    assert gzip.decompress(zipped.body) == brotli.decompress(small.body) == plain.body
    assert len(small.body) < len(zipped.body) < len(plain.body) / 2
    assert len({answer.headers["ETag"] for answer in (plain, zipped, small)}) == 3
    for answer in (plain, zipped, small):
        assert int(answer.headers["Content-Length"]) == len(answer.body)
        assert not answer.headers["ETag"].startswith("W/")
    assert "Content-Encoding" not in plain.headers
    assert front.made == 1


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("", "identity"),
        ("br;q=0, gzip", "gzip"),
        ("br;q=0.000,gzip;q=0", "identity"),
        ("BR", "br"),
        ("gzip;q=0.001", "gzip"),
        ("*", "identity"),
        ("brx", "identity"),
        ("deflate, zstd", "identity"),
    ],
)
def test_the_encoding_is_one_that_the_browser_takes(accepted: str, encoding: str) -> None:
    assert chosen_encoding(accepted) == encoding


def test_what_the_browser_has_is_not_sent_again(front: Site) -> None:
    tag = front.get(HTTP_ACCEPT_ENCODING="br").headers["ETag"]
    for held in (tag, f'"x", W/{tag}', "*"):
        answer = front.get(HTTP_ACCEPT_ENCODING="br", HTTP_IF_NONE_MATCH=held)
        assert (answer.status, answer.body) == (304, b"")
        assert set(answer.headers) == {
            *("ETag", "Cache-Control", "Vary", "Content-Security-Policy", "X-Content-Type-Options"),
        }
    assert front.get(HTTP_IF_NONE_MATCH=tag).status == 200, "the same page in another encoding"


def test_head_is_answered_without_a_body(front: Site) -> None:
    whole = front.get()
    answer = front.get(method="HEAD")
    assert answer.body == b""
    assert answer.pairs == whole.pairs
    assert front.made == 1


def test_what_is_remembered_is_bounded() -> None:
    recent: Recent[int, StoredPage] = Recent(100_000)
    for number in range(1000):
        page = StoredPage([("Vary", "Cookie")], b"x" * 3000)
        recent.put(number, page, page.weight)
        assert recent.get(0) is not None or number == 0, "what is asked for again and again stays"
    kept = [number for number in range(1000) if number in recent.young or number in recent.old]
    assert 5 <= len(kept) <= 100_000 // page.weight
    assert kept[-1] == 999
    recent.put(1001, page, 60_000)
    assert recent.get(1001) is None, "too large for half of the limit"
