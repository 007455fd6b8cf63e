"""One dated history, and every question asked the day before, on the day and the day after."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from privacy.models import PolicyText, PolicyVersion

FIRST = datetime(2026, 3, 1, 10, tzinfo=UTC)
SECOND = datetime(2026, 6, 1, 10, tzinfo=UTC)
MOMENT = timedelta(microseconds=1)

pytestmark = pytest.mark.django_db


def publish_at(moment: datetime, number: int) -> None:
    version = PolicyVersion.objects.create(number=number, effective_at=moment)
    PolicyText.objects.create(version=version, language="lv", title="T", body="<p>b</p>")
    PolicyVersion.objects.filter(pk=version.pk).update(published_at=moment)


@pytest.fixture
def history() -> None:
    for number, moment in ((1, FIRST), (2, SECOND)):
        publish_at(moment, number)


@pytest.mark.parametrize(
    ("moment", "number"),
    [(FIRST - MOMENT, None), (FIRST, 1), (FIRST + MOMENT, 1), (SECOND - MOMENT, 1), (SECOND, 2), (SECOND + MOMENT, 2)],
)
def test_one_version_is_in_force_at_any_moment_once_the_first_is(
    history: None, moment: datetime, number: int | None
) -> None:
    version = PolicyVersion.objects.in_force(moment)
    assert (version.number if version else None) == number


def test_two_versions_cannot_take_effect_at_the_same_moment(history: None) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        publish_at(SECOND, 3)


def test_a_version_and_its_texts_name_themselves(history: None) -> None:
    text = PolicyText.objects.get(version__number=2)
    assert str(text.version) == "2"
    assert str(text) == "2 (lv)"
