"""The registry that staff edit, and the evidence that nobody edits."""

from consent.models.evidence import ConsentRecord, Disclosure, GrantsEnded, Purge, RecentDecision
from consent.models.registry import Category, CategoryText, CookieDeclaration, DeclaredCookie, Party, ServiceText

__all__ = [
    "Category",
    "CategoryText",
    "ConsentRecord",
    "CookieDeclaration",
    "DeclaredCookie",
    "Disclosure",
    "GrantsEnded",
    "Party",
    "Purge",
    "RecentDecision",
    "ServiceText",
]
