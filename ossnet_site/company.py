"""The one place for facts about the company."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Phone:
    """A telephone number as people read it (``number``), and as ``tel:`` wants it (``uri``)."""

    number: str

    @property
    def uri(self) -> str:
        """The number as an RFC 3966 address."""
        return "tel:" + self.number.replace(" ", "")


@dataclass(frozen=True)
class Company:
    """The controller of the personal data (GDPR article 4(7)) and how to reach it.

    It is open from Monday to Friday, from ``opens`` to ``closes``; templates say that in words.
    """

    name: str
    email: str
    office: Phone
    support: Phone
    opens: str
    closes: str

    def as_data(self, home: str, picture: str) -> dict[str, Any]:
        """The company as a schema.org Organization; ``home`` and ``picture`` are absolute addresses."""
        hours = {
            "@type": "OpeningHoursSpecification",
            "dayOfWeek": ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday"],
            "opens": self.opens,
            "closes": self.closes,
        }
        reached = (("customer service", self.office), ("technical support", self.support))
        points = [
            {"@type": "ContactPoint", "contactType": kind, "telephone": phone.number, "hoursAvailable": hours}
            for kind, phone in reached
        ]
        return {
            "@context": "https://schema.org",
            "@type": "Organization",
            "name": self.name,
            "url": home,
            "image": picture,
            "email": self.email,
            "contactPoint": points,
        }


COMPANY = Company(
    name="SIA OSS Networks",
    email="info@ossnet.lv",
    office=Phone("+371 66 100 800"),
    support=Phone("+371 66 100 802"),
    opens="08:30",
    closes="18:30",
)
