"""Point 1: public pages from the store against a bare WSGI function that returns the same bytes."""

import json
from dataclasses import replace
from pathlib import Path

from tests.benchmarks.bench import BROTLI, Bench
from tests.benchmarks.report import Row
from tests.benchmarks.servers import Load, Request, Server, gunicorn

POLICY = "/privatuma-politika/"
# Written by gunicorn itself, or not for a function to repeat.
BY_GUNICORN = {"server", "date", "connection"}
PLAIN, OF_VISITORS = "/plain", "/of-visitors"  # at the bare function alone
STATES = 8  # the cookies go round in them, so that the first ones have all answers
VISITORS = "policy, 10,000 visitors in all states"


def measure(bench: Bench, *, rounds: int, seconds: float) -> list[Row]:
    """Interleaved rounds, each with servers of its own: one process can be luckier than the next."""
    scenarios, answers = plan(bench)
    bare_file = bench.folder / "bare.json"
    bare_file.write_text(json.dumps(answers))
    ratios: dict[str, list[float]] = {name: [] for name in scenarios}
    slowness: list[float] = []
    plain: list[float] = []
    rates: dict[str, list[float]] = {name: [] for name in scenarios}
    for _round in range(rounds):
        with (
            gunicorn("tests.benchmarks.bare", {"BENCH_BARE": str(bare_file)}) as bare,
            gunicorn("ossnet_site.wsgi", bench.env) as site,
        ):
            warm_up(bench, site, scenarios)
            for name, requests in scenarios.items():
                floor = run(bare, bench, at(requests, OF_VISITORS) if name == VISITORS else requests, seconds)
                ours = run(site, bench, requests, seconds)
                ratios[name].append(ours.rate / floor.rate)
                rates[name].append(ours.rate)
                if name == "policy, undecided":
                    slowness.append(ours.p99 / floor.p99)
                    two = run(bare, bench, [Request(PLAIN, headers=requests[0].headers)], seconds)
                    plain.append(ours.rate / two.rate)
    rows = [Row(1, name, values, required=required(name)) for name, values in ratios.items()]
    rows.append(Row(1, "p99 of the policy page", slowness, required=1.5, at_least=False))
    rows.append(
        Row(1, "policy, undecided, against a function with two headers", plain, note="the price of the headers")
    )
    return rows + [Row(1, name, values, "answers/s") for name, values in rates.items()]


def required(name: str) -> float:
    """A 304 saves bytes, not work; 10,000 visitors are more than 10,000 times the same."""
    if name == "304":
        return 0.80
    return 0.85 if "10,000" in name else 0.90


Said = tuple[list[tuple[str, str]], str]  # headers, and the body in hex


def said(site: Server, request: Request) -> Said:
    """What the site answers, but for what gunicorn itself writes."""
    answer = site.get(request)
    assert answer.status == 200, answer.status
    headers = [(name, value) for name, value in answer.getheaders() if name.lower() not in BY_GUNICORN]
    return headers, answer.body.hex()  # type: ignore[attr-defined]


def at(requests: list[Request], path: str) -> list[Request]:
    """The same requests for another path."""
    return [replace(request, path=path) for request in requests]


def plan(bench: Bench) -> tuple[dict[str, list[Request]], dict[str, list[Said]]]:
    """Requests by name, and what the bare function must return for their paths."""
    with gunicorn("ossnet_site.wsgi", bench.env) as site:
        pages = {
            "policy": POLICY, "home": "/", "settings": "/sikdatnes/", "versions": POLICY + "versijas/",
        }  # fmt: skip
        answers = {path: [said(site, Request(path, headers=BROTLI))] for path in pages.values()}
        ((headers, body),) = answers[POLICY]
        answers[PLAIN] = [([pair for pair in headers if pair[0] in ("Content-Type", "Content-Length")], body)]
        answers[OF_VISITORS] = [said(site, request) for request in bench.visitors()[:STATES]]
        states = {dict(said_to_one)["Consent-State"] for said_to_one, _body in answers[OF_VISITORS]}
        assert len(states) == STATES, states
        tag = dict(headers)["ETag"]
    scenarios = {f"{name}, undecided": [Request(path, headers=BROTLI)] for name, path in pages.items()}
    scenarios["policy, Global Privacy Control"] = [Request(POLICY, headers=(*BROTLI, ("Sec-GPC", "1")))]
    scenarios[VISITORS] = bench.visitors()
    scenarios["304"] = [Request(POLICY, headers=(*BROTLI, ("If-None-Match", tag)))]
    return scenarios, answers


def warm_up(bench: Bench, site: Server, scenarios: dict[str, list[Request]]) -> None:
    """Every page and every visitor at least once: what is measured is the store."""
    for requests in scenarios.values():
        sent = 0
        while sent < 1.1 * len(requests):
            sent += run(site, bench, requests, 1 if len(requests) == 1 else 3).requests


def run(server: Server, bench: Bench, requests: list[Request], seconds: float) -> Load:
    """A load that must not fail."""
    load = server.load(Path(bench.folder), requests, seconds)
    if load.bad_status or load.broken:
        raise RuntimeError(f"{load} for {requests[0].path}")
    return load


def uncached(bench: Bench) -> list[Row]:
    """Point 1: what the first visitor after a change costs."""
    facts = bench.inside("render", POLICY)
    return [
        Row(1, "uncached render of the policy", [facts["milliseconds"]], "ms of CPU", 12, at_least=False),
        Row(1, "its queries", [facts["queries"]], "", 2, at_least=False),
    ]
