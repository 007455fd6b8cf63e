"""What the database itself refuses for published texts; ``ossnet_site.triggers`` puts it in place."""

REFUSED = "published policy text never changes: write a new version"


def unchanged(*columns: str) -> str:
    """The condition that an update leaves ``columns`` as they are, in words that both engines know."""
    return " AND ".join(
        f"COALESCE(NEW.{column} = OLD.{column}, NEW.{column} IS NULL AND OLD.{column} IS NULL)" for column in columns
    )


VERSION_IS_PUBLISHED = "OLD.published_at IS NOT NULL"
# The one change that stays possible: cancelling, once, before the version takes effect.
VERSION_IS_ONLY_CANCELLED = f"""(
    OLD.cancelled_at IS NULL AND NEW.cancelled_at IS NOT NULL AND NEW.cancelled_at >= OLD.published_at
    AND OLD.effective_at > {{now}}
    AND {unchanged("id", "number", "effective_at", "is_material", "published_at", "published_by_id")}
    AND {unchanged("edited_by_id", "revision")}
)"""
TEXT_IS_PUBLISHED = (
    "EXISTS (SELECT 1 FROM privacy_policyversion v WHERE v.id = {row}.version_id AND v.published_at IS NOT NULL)"
)
# SQLite's REPLACE deletes the rows in its way without asking the triggers of deletion.
VERSION_IS_IN_THE_WAY = """EXISTS (
    SELECT 1 FROM privacy_policyversion v WHERE v.published_at IS NOT NULL AND (
        v.id = NEW.id OR v.number = NEW.number OR v.effective_at = NEW.effective_at
        AND NEW.published_at IS NOT NULL AND v.cancelled_at IS NULL AND NEW.cancelled_at IS NULL
    )
)"""
OTHER_VERSION_IS_IN_THE_WAY = VERSION_IS_IN_THE_WAY.replace("WHERE", "WHERE v.id <> OLD.id AND", 1)
TEXT_IS_IN_THE_WAY = """EXISTS (
    SELECT 1 FROM privacy_policytext t JOIN privacy_policyversion v ON v.id = t.version_id
    WHERE v.published_at IS NOT NULL AND t.id = NEW.id
)"""

# name: (table, event, condition under which the event is refused, message)
TRIGGERS = {
    "privacy_version_no_insert": ("privacy_policyversion", "INSERT", VERSION_IS_IN_THE_WAY, REFUSED),
    "privacy_version_no_update": (
        "privacy_policyversion",
        "UPDATE",
        f"{VERSION_IS_PUBLISHED} AND NOT {VERSION_IS_ONLY_CANCELLED} OR {OTHER_VERSION_IS_IN_THE_WAY}",
        REFUSED,
    ),
    "privacy_version_no_delete": ("privacy_policyversion", "DELETE", VERSION_IS_PUBLISHED, REFUSED),
    "privacy_text_no_insert": (
        "privacy_policytext",
        "INSERT",
        f"{TEXT_IS_PUBLISHED.format(row='NEW')} OR {TEXT_IS_IN_THE_WAY}",
        REFUSED,
    ),
    "privacy_text_no_update": (
        "privacy_policytext",
        "UPDATE",
        f"{TEXT_IS_PUBLISHED.format(row='OLD')} OR {TEXT_IS_PUBLISHED.format(row='NEW')} OR {TEXT_IS_IN_THE_WAY}",
        REFUSED,
    ),
    "privacy_text_no_delete": ("privacy_policytext", "DELETE", TEXT_IS_PUBLISHED.format(row="OLD"), REFUSED),
}
