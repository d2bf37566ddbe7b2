"""What a source calls good enough to go on with. Imported when DAGs are parsed: nothing heavy."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from confluence_to_twig.sources.fields import IN_SECONDS, NO_BOOLEAN, duration

Share = Annotated[float, Field(ge=0, le=1), NO_BOOLEAN]


class QualitySettings(BaseModel):
    """The block ``quality`` of a source: limits of the verdict that each run's asset event carries.

    The verdict stops no run; a DAG downstream decides by it. :mod:`confluence_to_twig.runs.quality` has the rules.

    :param max_quarantined: share of the source's pages that the run could not sync.
    :param max_empty: share of the documents in Twig without any text.
    :param min_cited: share of the pages asked for that Twig cites; excused ones do not count.
    :param max_drift: documents or counts in which Twig provably differs from what was loaded, acknowledged ones left out.
    :param max_behind: how long a known change may have been waiting.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    max_quarantined: Share = 0.01
    max_empty: Share = 0.2
    min_cited: Share = 0.9
    max_drift: Annotated[int, Field(ge=0, le=10_000_000), NO_BOOLEAN] = 0
    max_behind: Annotated[timedelta, duration(timedelta(minutes=1), timedelta(days=366)), IN_SECONDS] = timedelta(
        hours=24
    )
