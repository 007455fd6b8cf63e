"""The Atom feed of published versions."""

import re
from datetime import datetime

from django.conf import settings
from django.contrib.syndication.views import Feed
from django.template.defaultfilters import linebreaksbr
from django.urls import reverse
from django.utils.feedgenerator import Atom1Feed
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from privacy.models import PolicyText, PolicyVersion

# One of these takes the whole feed away. No form lets them through.
NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


class VersionFeed(Feed):  # type: ignore[type-arg]
    """Tells subscribers of every published version, also of one that takes effect later. The newest 20."""

    feed_type = Atom1Feed

    def title(self) -> str:
        """The feed's name in its language."""
        return _("Versions of the privacy policy")

    def link(self) -> str:
        """The page that lists the same."""
        return reverse("privacy:list-versions")

    def author_name(self) -> str:
        """The controller, whose policy it is."""
        return str(settings.CONSENT_CONTROLLER.name)

    def items(self) -> list[PolicyText]:
        """One text a version, in the feed's language where there is one."""
        versions = PolicyVersion.objects.standing().order_by("-effective_at").prefetch_related("texts")
        return [version.text_for(get_language() or "") for version in versions[:20]]

    def item_title(self, item: PolicyText) -> str:
        """Title and number."""
        title = NOT_IN_XML.sub("", item.title)
        return _("%(title)s, version %(number)s") % {"title": title, "number": item.version.number}

    def item_description(self, item: PolicyText) -> str:
        """What changed; readers take it for HTML."""
        return linebreaksbr(NOT_IN_XML.sub("", item.change_summary), autoescape=True)

    def item_link(self, item: PolicyText) -> str:
        """The version's permanent address."""
        return item.version.get_absolute_url()

    def item_pubdate(self, item: PolicyText) -> datetime | None:
        """When it was published."""
        return item.version.published_at

    def item_updateddate(self, item: PolicyText) -> datetime | None:
        """A published version never changes."""
        return item.version.published_at
