"""The registry that staff edit, and the evidence that nobody edits."""

from consent.models.evidence import ConsentRecord, Disclosure, GrantsEnded, Purge, RecentDecision
from consent.models.registry import Category, CategoryText, CookieDeclaration, DeclaredCookie, Party, ServiceText
from consent.models.reports import CspReport
from consent.models.seals import Seal, SealedRecord
from consent.models.statistics import DailyCount, DailySummary

__all__ = [
    "Category",
    "CategoryText",
    "ConsentRecord",
    "CookieDeclaration",
    "CspReport",
    "DailyCount",
    "DailySummary",
    "DeclaredCookie",
    "Disclosure",
    "GrantsEnded",
    "Party",
    "Purge",
    "RecentDecision",
    "Seal",
    "SealedRecord",
    "ServiceText",
]
