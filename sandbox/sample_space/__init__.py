"""The sample space ``PROD``: the product documentation of Kelvane, a company that does not exist.

:func:`load` gives the space, equal on every call; :func:`questions` gives questions with the pages that answer them,
:func:`unanswered` questions that no page answers.

What is in it, and what a sync with default options makes of it (user ``sync@example.com``, restricted pages skipped, label
``draft`` excluded):

================================================================  =====
current pages that the sync user sees ("found 245 pages")          245
… of them restricted, and readable by the sync user                  5   skipped: one page, and one with three children
… of them labelled ``draft``                                         3   excluded
current pages that the sync user does not see                        1   "Reorganisation 2027"
blog posts                                                          12
archived pages                                                       6
trashed pages                                                        2
folders                                                              1   with four pages in it
pages and blog posts that arrive at Twig                           249   245 − 5 − 3 + 12
visible pages last modified in the 90 days before 2026-11-01        25   and two blog posts
================================================================  =====

Two pages have nothing to load: one is empty ("Roadmap 2027"), one is a page-properties report whose rows only its ``view``
body holds ("Architecture decisions"). One body is no well-formed XML ("Import from the discontinued Frostbook 1.x logger").
One link leads to a page that was deleted, one to an archived page, two to another space.

The text is written by hand under ``pages/`` and ``data/`` in the format of :mod:`markup`; ``attached/`` holds the texts of
attachments.
"""

from __future__ import annotations

from sandbox.sample_space.questions import Question, Unanswered, questions, unanswered
from sandbox.sample_space.space import load

__all__ = ["Question", "Unanswered", "load", "questions", "unanswered"]
