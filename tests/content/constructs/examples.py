"""An example of every row of the tables in ``docs/content.md``, in their order."""

from __future__ import annotations

from tests.content.constructs.macro_examples import CODE_AND_FORMULAS, LINKS_PEOPLE_IMAGES, MACROS
from tests.content.constructs.text_examples import LISTS_AND_TABLES, TEXT

EXAMPLES = [*TEXT, *LISTS_AND_TABLES, *CODE_AND_FORMULAS, *LINKS_PEOPLE_IMAGES, *MACROS]
