"""The form of a category: its name in each language."""

from agents.forms import RefusableForm
from contiple.base.names import NamesForm


class CategoryForm(RefusableForm, NamesForm):
    pass
