"""The previous release, which runs beside this one during an upgrade."""

import io
import os
import subprocess
import sys
import tarfile
from pathlib import Path

from tests.faults.programs import ROOT, missing

# The one place that says which it is: a commit of this repository. Whoever releases names the release here.
COMMIT = "728a6925916a89d15ac43f68610173cca0592d2c"
COMMANDS = """
import django
from django.core.management import call_command

django.setup()
for command in ("migrate", "load_policy", "load_registry"):
    call_command(command, verbosity=0)
"""
SETTINGS = Path(__file__).with_name("settings.py")


def unpack(folder: Path) -> Path:
    """The files of that commit in ``folder``; skips the test where the history does not hold it."""
    command = ["git", "-C", str(ROOT), "archive", "--format=tar", COMMIT]
    found = subprocess.run(command, capture_output=True, check=False)
    if found.returncode != 0:
        missing(f"the previous release, {COMMIT[:7]}, is not in this copy's history (git fetch --unshallow)")
    with tarfile.open(fileobj=io.BytesIO(found.stdout)) as archive:
        archive.extractall(folder, filter="data")
    (folder / "plain_settings.py").write_text(SETTINGS.read_text())
    return folder


def environment_of(env: dict[str, str]) -> dict[str, str]:
    """The same deployment for that release."""
    return env | {"DJANGO_SETTINGS_MODULE": "plain_settings"}


def bring_up_to_date(folder: Path, env: dict[str, str]) -> None:
    """The commands of an upgrade (README), as that folder's release has them; one process, to save time."""
    command = [sys.executable, "-c", COMMANDS]
    subprocess.run(command, cwd=folder, env={**os.environ, **env}, check=True, stdout=subprocess.DEVNULL)
