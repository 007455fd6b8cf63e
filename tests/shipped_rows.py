"""The policy and the registry as ``bin/serve`` loads them: loaded once, and copied for each test that wants them."""

from collections.abc import Iterable

from django.apps import apps
from django.core.management.color import no_style
from django.db import connection, transaction
from django.db.models import Model

from consent import shipped as shipped_registry
from privacy import shipped as shipped_policy

Rows = dict[type[Model], list[Model]]
POLICY, REGISTRY = ("privacy",), ("cookie_consent", "consent")
_policy: Rows = {}
_registry: Rows = {}


def remember() -> None:
    """Load both, keep the rows, and leave the database as it was."""
    with transaction.atomic():
        shipped_policy.load_all()
        _policy.update(_rows(POLICY))
        before = _rows(REGISTRY)
        shipped_registry.load()
        loaded = _rows(REGISTRY)
        new = {model: [row for row in rows if row not in before.get(model, [])] for model, rows in loaded.items()}
        _registry.update({model: rows for model, rows in new.items() if rows})
        transaction.set_rollback(True)


def put_policy() -> None:
    """Version 1 is in force, version 2 a draft."""
    _put(_policy)


def put_registry() -> None:
    """Every category, service and cookie that is shipped."""
    _put(_registry)


def _rows(labels: Iterable[str]) -> Rows:
    found = {model: list(model._default_manager.all()) for label in labels for model in _models(label)}
    return {model: rows for model, rows in found.items() if rows}


def _models(label: str) -> list[type[Model]]:
    """The texts of a version come before it: none can be added to what is published."""
    models = [model for model in apps.get_app_config(label).get_models() if not model._meta.proxy]
    return sorted(models, key=lambda model: model.__name__)


def _put(rows: Rows) -> None:
    with transaction.atomic():
        for model, instances in rows.items():
            model._base_manager.bulk_create(instances)
        with connection.cursor() as cursor:  # PostgreSQL counts on from its own last number
            for statement in connection.ops.sequence_reset_sql(no_style(), list(rows)):
                cursor.execute(statement)
