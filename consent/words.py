"""The words of the banner and of the settings page. Templates and disclosures take them from here alone."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _


def banner(categories: Sequence[str], *, again: bool = False) -> dict[str, Any]:
    """The first layer, in the active language, when ``categories`` are asked for (at least one).

    ``again`` when the visitor's other choices stand.
    EDPB guidelines 05/2020, 64: who asks, for which purposes, which third parties, and that it can be withdrawn.
    """
    uses = {
        "analytics": _("analytics (Google Analytics)"),
        "facebook": _("advertising (Facebook)"),
        "hotjar": _("usability research (Hotjar)"),
    }
    return {
        "heading": _("Use of cookies"),
        "why_again": _("We ask only about what you have not decided yet or what has changed; your other choices stand.")
        if again
        else "",
        "text": _(
            "With your consent %(controller)s will use cookies for %(uses)s. "
            "You can withdraw consent at any time at the bottom of the page."
        )
        % {"controller": settings.CONSENT_CONTROLLER.name, "uses": listed([uses[slug] for slug in categories])},
        "reject": _("Reject all"),
        "accept": _("Accept all"),
        "customise": _("Customise"),
        "policy": _("Privacy policy"),
    }


def settings_page(categories: Sequence[str]) -> dict[str, Any]:
    """The second layer's own words, in the active language, when ``categories`` are asked for."""
    choose = _("Choose which cookies you allow. Optional cookies are switched off until you switch them on.")
    return {
        "heading": _("Cookie settings"),
        "introduction": choose if categories else _("This site uses only necessary cookies."),
        "always_on": _("always on"),
        "save": _("Save choice"),
        "columns": [_("Name"), _("Provider"), _("Purpose"), _("Storage period"), _("Type")],
    }


def allow(category_name: str) -> str:
    """The label of a category's switch."""
    return _("Allow: %(name)s") % {"name": category_name}


def privacy_policy_of(service_name: str) -> str:
    """The words of the link to a service's own privacy policy."""
    return _("%(name)s privacy policy") % {"name": service_name}


def listed(parts: Sequence[str]) -> str:
    """``a``, ``a and b``, ``a, b and c`` in the active language."""
    if len(parts) == 1:
        return parts[0]
    return _("%(all_but_last)s and %(last)s") % {"all_but_last": ", ".join(parts[:-1]), "last": parts[-1]}
