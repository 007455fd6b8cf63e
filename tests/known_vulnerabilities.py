"""Fails when a pin of requirements.lock has a known vulnerability; says so and passes when no database can be asked.

``python -m tests.known_vulnerabilities [LOCK]``, a step of bin/test. pip-audit asks the database. A registry's mirror
may answer it without knowing any vulnerability, and pip-audit then reports none. So each question holds one pin more,
whose vulnerability is known to everybody: who does not know that one is no database.
"""

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# With its marker, as one package may be pinned once for each Python; those of this Python are asked about.
PIN = re.compile(r"^[A-Za-z0-9][\w.-]*(?:\[[\w, -]+\])?==[^\\\n]*[^\\\s]", re.MULTILINE)
# CVE-2020-1747. It is asked about, never installed.
CANARY = "pyyaml==5.3"
LIMIT = 50  # seconds for everything; nobody waits longer than a minute
PER_REQUEST = 10  # seconds
# What pip-audit writes when it could not ask, or could not read the answer.
CANNOT_ASK = re.compile(
    r"requests\.exceptions|urllib3\.exceptions|pip_audit\._service\.interface\.\w*Error|JSONDecodeError|may be blocking"
)


class Outcome(Enum):
    """What is known about the pins. BROKEN: nothing, and not for want of a network."""

    CLEAN = "clean"
    NOT_REACHABLE = "not reachable"
    VULNERABLE = "vulnerable"
    BROKEN = "broken"


@dataclass(frozen=True)
class Verdict:
    """The outcome and what to say about it."""

    outcome: Outcome
    words: str


def judge(output: str, errors: str) -> Verdict:
    """What the output of pip-audit means. Its exit code is the same for a vulnerability and for no network."""
    try:
        dependencies = json.loads(output)["dependencies"]
    except (ValueError, KeyError):
        if CANNOT_ASK.search(errors):
            return not_reachable()
        return Verdict(Outcome.BROKEN, f"pip-audit failed:\n{errors.strip()}")
    found = {f"{pin['name']}=={pin['version']}": pin["vulns"] for pin in dependencies if "skip_reason" not in pin}
    canary = found.pop(CANARY, [])
    vulnerable = [
        f"{pin}: {hole['id']}, mended in {', '.join(hole['fix_versions']) or 'no release yet'}"
        for pin, holes in found.items()
        for hole in holes
    ]
    if vulnerable:
        return Verdict(Outcome.VULNERABLE, "Known vulnerabilities:\n  " + "\n  ".join(vulnerable))
    if not canary:
        return not_reachable()
    unknown = [f"{pin['name']}: {pin['skip_reason']}" for pin in dependencies if "skip_reason" in pin]
    if unknown:
        return Verdict(Outcome.BROKEN, "Not every pin could be looked up:\n  " + "\n  ".join(unknown))
    return Verdict(Outcome.CLEAN, f"None of the {len(found)} pins has a known vulnerability.")


def not_reachable() -> Verdict:
    """Nothing is known, which is said and is no failure: the tests also run where there is no network."""
    return Verdict(
        Outcome.NOT_REACHABLE,
        "SKIPPED: no vulnerability database is reachable from here, so the pins were NOT checked.",
    )


def audit(pins: Iterable[str]) -> Verdict:
    """Ask about ``pins`` and about the canary."""
    with tempfile.TemporaryDirectory() as folder:
        question = Path(folder) / "pins.txt"
        question.write_text("\n".join([*pins, CANARY]))
        command = [sys.executable, "-m", "pip_audit", "--requirement", str(question), "--no-deps", "--disable-pip"]
        command += ["--format", "json", "--progress-spinner", "off", "--timeout", str(PER_REQUEST)]
        try:
            answer = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT, check=False)
        except subprocess.TimeoutExpired:
            return not_reachable()
    return judge(answer.stdout, answer.stderr)


def main() -> int:
    """Say what was found, and fail unless the pins are clean or could not be asked about."""
    lock = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "requirements.lock"
    pins = PIN.findall(lock.read_text())
    verdict = audit(pins) if pins else Verdict(Outcome.BROKEN, f"{lock} holds no pin.")
    sys.stdout.write(verdict.words + "\n")
    return int(verdict.outcome in {Outcome.VULNERABLE, Outcome.BROKEN})


if __name__ == "__main__":
    sys.exit(main())
