"""``python -m tests.lint_migrations``: whether the previous release can run on what this one makes of the database.

During a rolling upgrade both serve at once (tests/faults/test_rolling_upgrade.py), so that a migration adds, and only a
later release takes away (expand, then contract). Looks at the migrations that are newer than the previous release.
"""

import subprocess
import sys

import django
from django_migration_linter import MigrationLinter

from tests import environment
from tests.faults.previous import COMMIT
from tests.faults.programs import ROOT

OURS = ("ossnet_site", "privacy", "consent")
# Rules of the linter that no migration here need keep, each with its reason.
NOT_OURS: dict[str, str] = {}
# Migrations that break a rule and may, by their names, each with its reason.
ALLOWED: dict[str, str] = {}


def main() -> int:
    """Print what was found; 1 when a migration may stop the previous release."""
    known = subprocess.run(["git", "-C", str(ROOT), "cat-file", "-e", f"{COMMIT}^{{commit}}"], check=False)
    if known.returncode != 0:
        sys.stdout.write(f"The previous release, {COMMIT[:7]}, is not in this copy's history: git fetch --unshallow\n")
        return 1
    environment.pytest_configure()
    django.setup()
    linter = MigrationLinter(
        path=str(ROOT),
        include_apps=OURS,
        exclude_migration_tests=NOT_OURS,
        ignore_name=ALLOWED,
        all_warnings_as_errors=True,
        no_cache=True,
    )
    linter.lint_all_migrations(git_commit_id=COMMIT)
    linter.print_summary()
    return int(linter.has_errors)


if __name__ == "__main__":
    sys.exit(main())
