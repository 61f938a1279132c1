"""The functions of the ODK XForms specification, by name. A new one is a function with `@function` in a file here."""

from forms.logic.functions import counting, digests, numbers, places, texts, times
from forms.logic.functions.registry import FUNCTIONS, Function

__all__ = ["FUNCTIONS", "Function", "counting", "digests", "numbers", "places", "texts", "times"]
