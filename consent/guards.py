"""What the database itself refuses for evidence; ``ossnet_site.triggers`` puts it in place."""

REFUSED = "consent evidence is never changed, and deleted only by purge_consent_records"

# ``manage.py purge_consent_records`` says within its own transaction that it is deleting, and up to which moment.
NOT_BEING_PURGED = """NOT EXISTS (
    SELECT 1 FROM consent_purge p WHERE p.is_deleting AND p.cutoff < {now} AND OLD.%s < p.cutoff
)"""
# SQLite's REPLACE deletes the rows in its way without asking the triggers of deletion.
RECORD_IS_IN_THE_WAY = "EXISTS (SELECT 1 FROM consent_consentrecord r WHERE r.id = NEW.id OR r.number = NEW.number)"
DISCLOSURE_IS_REFERRED_TO = "EXISTS (SELECT 1 FROM consent_consentrecord r WHERE r.disclosure_id = OLD.sha256)"
ALWAYS = "1 = 1"
SEAL_IS_IN_THE_WAY = "EXISTS (SELECT 1 FROM consent_seal s WHERE s.number = NEW.number)"
# Also one leaf more than the seal says it has.
LEAF_IS_IN_THE_WAY = """EXISTS (
    SELECT 1 FROM consent_sealedrecord l
    WHERE l.record_id = NEW.record_id OR (l.seal_id = NEW.seal_id AND l.position = NEW.position)
) OR EXISTS (SELECT 1 FROM consent_seal s WHERE s.number = NEW.seal_id AND NEW.position >= s.tree_size)"""


def _kept(table: str, name: str, in_the_way: str, event: str = "INSERT") -> dict[str, tuple[str, str, str, str]]:
    """The triggers of a table whose rows are only added."""
    return {
        f"consent_{name}_no_insert": (table, event, in_the_way, REFUSED),
        f"consent_{name}_no_update": (table, "UPDATE", ALWAYS, REFUSED),
    }


# name: (table, event, condition under which the event is refused, message)
TRIGGERS = {
    # On PostgreSQL a row in the way is refused by the keys themselves, and the trigger would be half of a decision.
    **_kept("consent_consentrecord", "record", RECORD_IS_IN_THE_WAY, "REPLACE"),
    "consent_record_no_delete": (
        "consent_consentrecord",
        "DELETE",
        NOT_BEING_PURGED % "valid_until",
        REFUSED,
    ),
    **_kept(
        "consent_disclosure",
        "disclosure",
        "EXISTS (SELECT 1 FROM consent_disclosure d WHERE d.sha256 = NEW.sha256 AND d.content <> NEW.content)",
    ),
    "consent_disclosure_no_delete": (
        "consent_disclosure",
        "DELETE",
        f"{DISCLOSURE_IS_REFERRED_TO} OR {NOT_BEING_PURGED % 'created_at'}",
        REFUSED,
    ),
    **_kept("consent_grantsended", "ending", "EXISTS (SELECT 1 FROM consent_grantsended e WHERE e.id = NEW.id)"),
    "consent_ending_no_delete": ("consent_grantsended", "DELETE", ALWAYS, REFUSED),
    **_kept("consent_seal", "seal", SEAL_IS_IN_THE_WAY),
    "consent_seal_no_delete": ("consent_seal", "DELETE", ALWAYS, REFUSED),
    **_kept("consent_sealedrecord", "leaf", LEAF_IS_IN_THE_WAY),
    "consent_leaf_no_delete": ("consent_sealedrecord", "DELETE", ALWAYS, REFUSED),
    "consent_purge_no_insert": ("consent_purge", "INSERT", "NEW.is_deleting", REFUSED),
    "consent_purge_no_update": ("consent_purge", "UPDATE", "OLD.finished_at IS NOT NULL", REFUSED),
    "consent_purge_no_delete": ("consent_purge", "DELETE", ALWAYS, REFUSED),
}
