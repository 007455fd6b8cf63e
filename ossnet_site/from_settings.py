"""What follows from the settings alone is worked out once."""

from collections.abc import Callable
from functools import lru_cache
from typing import ParamSpec, TypeVar, cast

from django.core.signals import setting_changed

P = ParamSpec("P")
R = TypeVar("R")


def from_settings(function: Callable[P, R]) -> Callable[P, R]:
    """Remember the results of a function that depends on its arguments and the settings; a test that changes a setting
    has them forgotten, as Django itself does with its own.
    """
    remembered = lru_cache(maxsize=8)(function)
    setting_changed.connect(lambda **_: remembered.cache_clear(), weak=False)
    return cast("Callable[P, R]", remembered)
