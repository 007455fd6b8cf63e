"""The forms of staff: a draft's words, a new draft, a publication."""

from datetime import datetime
from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.contrib.admin.widgets import AdminSplitDateTime, AdminTextareaWidget, AdminTextInputWidget
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django_prose_editor.fields import ProseEditorFormField
from django_prose_editor.widgets import AdminProseEditorWidget

from privacy import text_checks
from privacy.cleaning import clean
from privacy.editing import DraftHasMovedOn, Words, lock_draft
from privacy.models import AUTHORITATIVE_LANGUAGE, PolicyText, PolicyVersion
from privacy.publishing import Publication
from privacy.rendering import known_fields

# What a policy needs and nothing more; ``privacy.cleaning`` lets the same elements through.
EXTENSIONS: dict[str, object] = {
    "Bold": True,
    "Italic": True,
    "Heading": {"levels": [2, 3]},
    "BulletList": True,
    "OrderedList": {"enableListAttributes": False},
    "ListItem": True,
    "HardBreak": True,
    "Link": {"enableTarget": False, "protocols": ["https", "http", "mailto", "tel"]},
}


EARLIEST_YEAR = 2018  # that of the GDPR's application: no policy of ours is older
LATEST_YEARS_AHEAD = 5


class BodyField(ProseEditorFormField):  # type: ignore[misc]
    """A policy text in the rich-text editor: checked as it came, then cleaned."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(config={"extensions": EXTENSIONS}, widget=AdminProseEditorWidget, **kwargs)

    def clean(self, value: str) -> str:
        """The clean text. Raises ValidationError with every problem and its place."""
        raw: str = super().clean(value)
        problems = text_checks.problems(raw, known_fields()) if raw else []
        if problems:
            raise ValidationError(problems)
        return clean(raw)


class TitleField(forms.CharField):
    """A title: words without merge fields or invisible characters."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=200, widget=AdminTextInputWidget, **kwargs)

    def clean(self, value: str) -> str:
        """The title. Raises ValidationError."""
        title: str = super().clean(value)
        if problems := text_checks.problems_of_words(title):
            raise ValidationError(problems)
        return title


class DraftForm(forms.ModelForm):  # type: ignore[type-arg]
    """The words of a draft in both languages, and the revision that the editor opened."""

    title_lv = TitleField(label=_("Title in Latvian"))
    body_lv = BodyField(label=_("Text in Latvian"))
    title_en = TitleField(label=_("Title in English"), required=False)
    body_en = BodyField(label=_("Text in English"), required=False)
    opened_revision = forms.IntegerField(widget=forms.HiddenInput, min_value=0)

    class Meta:
        model = PolicyVersion
        fields: ClassVar[list[str]] = []

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # What somebody else saved meanwhile, to be shown beside what was sent in.
        self.theirs: dict[str, PolicyText | None] = {}
        self.initial["opened_revision"] = self.instance.revision
        for text in self.instance.texts.all():
            self.initial[f"title_{text.language}"] = text.title
            self.initial[f"body_{text.language}"] = text.body

    def clean(self) -> dict[str, Any]:
        """Refuse half an English text, and a draft that somebody else saved or published since it was opened."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if "title_en" in data and "body_en" in data and bool(data["title_en"]) != bool(data["body_en"]):
            self.add_error(
                "body_en" if data["title_en"] else "title_en",
                gettext("An English version needs both a title and a text; leave both empty when there is none."),
            )
        if "opened_revision" not in data:
            self.add_error(None, gettext("The form was damaged on its way. Open the draft again and repeat."))
            return data
        try:
            lock_draft(self.instance, data["opened_revision"])
        except DraftHasMovedOn as moved_on:
            self._refuse(moved_on.now)
        return data

    def words(self) -> dict[str, Words | None]:
        """What was sent in, by language."""
        data = self.cleaned_data
        return {
            "lv": Words(data["title_lv"], data["body_lv"]),
            "en": Words(data["title_en"], data["body_en"]) if data["body_en"] else None,
        }

    def _refuse(self, now: PolicyVersion) -> None:
        """Both texts stay: theirs in the database, what was sent in here in the form, to be saved again."""
        who = now.edited_by.get_username() if now.edited_by else "?"
        if now.is_published:
            message = gettext(
                "This version was published while you had it open, so that it can no longer change. Your text is still "
                "in the form: copy it into a new draft."
            )
        else:
            message = gettext(
                "%(who)s saved this draft while you had it open. Your text is still in the form; below it stands what "
                "differs. Saving again replaces that text by yours; it stays in the history."
            ) % {"who": who}
            self.data = {**self.data.dict(), "opened_revision": str(now.revision)}  # type: ignore[attr-defined]
        texts = {text.language: text for text in now.texts.all()}
        self.theirs = {code: texts.get(code) for code, _name in settings.LANGUAGES}
        self.add_error(None, message)


class NewDraftForm(forms.Form):
    """Which version a new draft begins with."""

    source = forms.ModelChoiceField(
        PolicyVersion.objects.none(), label=_("Begin with the text of version"), empty_label=None
    )

    def __init__(self, versions: QuerySet[PolicyVersion], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["source"].queryset = versions  # type: ignore[attr-defined]


class PublishForm(forms.Form):
    """What the publisher decides."""

    effective_at = forms.SplitDateTimeField(
        label=_("Takes effect"),
        required=False,
        widget=AdminSplitDateTime,
        help_text=_(
            "Leave both empty to put the version in force at once. A date such as 31.12.2026, a time such as 09:00."
        ),
        input_date_formats=("%d.%m.%Y", "%d.%m.%Y.", "%Y-%m-%d"),
        input_time_formats=("%H:%M", "%H:%M:%S"),
    )
    is_material = forms.BooleanField(
        label=_("Material change"),
        required=False,
        help_text=_("Visitors see a notice on every page from publication until 30 days after it takes effect."),
    )
    summary_lv = forms.CharField(
        label=_("Change summary in Latvian"), required=False, widget=AdminTextareaWidget, max_length=2000
    )
    summary_en = forms.CharField(
        label=_("Change summary in English"), required=False, widget=AdminTextareaWidget, max_length=2000
    )
    revision = forms.IntegerField(widget=forms.HiddenInput, min_value=0)

    def __init__(self, *args: Any, draft: PolicyVersion, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["revision"] = draft.revision
        for part, label in zip(self.fields["effective_at"].widget.widgets, (_("Date"), _("Time")), strict=True):
            part.attrs["aria-label"] = label
        languages = {text.language for text in draft.texts.all()} | {AUTHORITATIVE_LANGUAGE}
        for language in ("lv", "en"):
            if language not in languages:
                del self.fields[f"summary_{language}"]

    def clean_effective_at(self) -> datetime | None:
        """The moment; a typing error of a century must not be frozen with the version. Raises ValidationError."""
        moment: datetime | None = self.cleaned_data["effective_at"]
        if moment is not None and not EARLIEST_YEAR <= moment.year <= timezone.now().year + LATEST_YEARS_AHEAD:
            raise ValidationError(gettext("Look at the year once more."))
        return moment

    def publication(self) -> Publication:
        """The decision, to be carried out."""
        data = self.cleaned_data
        summaries = {language: data[key] for language in ("lv", "en") if (key := f"summary_{language}") in data}
        return Publication(data["effective_at"], data["is_material"], summaries, data["revision"])
