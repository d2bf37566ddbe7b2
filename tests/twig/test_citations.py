from __future__ import annotations

import pytest

from confluence_to_twig.errors import TransientError
from confluence_to_twig.twig.citations import Inquiry, Sample, address, is_cited_as
from confluence_to_twig.twig.models import Citation

pytestmark = pytest.mark.fast

URL = "https://example.atlassian.net/wiki/spaces/PROD/pages/1/Mount+the+pump"
TEXT = "Mount the pump on the frame and turn each of the four bolts twice"
SAMPLE = Sample("1", "Mount the pump", URL, "hash", (TEXT, "bolts frame pump"))


def cited(page_id: str = "2", text: str = "", url: str = "", chunk_id: str = "c") -> Citation:
    return Citation(chunk_id, page_id, f"Page {page_id}", url or f"https://example.atlassian.net/{page_id}", 0.8, text)


class Search:
    """Answers in turn, the last answer for ever."""

    def __init__(self, *answers: list[Citation] | TransientError) -> None:
        self.answers, self.asked = list(answers), list[str]()

    def __call__(self, question: str) -> list[Citation]:
        self.asked.append(question)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, TransientError):
            raise answer
        return answer


OWN = cited("1", f"PROD › Mount the pump\n\n{TEXT}.", f"{URL}#Bolts")


def test_one_question_is_enough_for_a_page_that_is_cited() -> None:
    search = Search([cited(), OWN])
    assert Inquiry(search).ask_for([SAMPLE])["1"].state == "cited"
    assert len(search.asked) == 1


def test_an_address_may_be_written_in_more_than_one_way() -> None:
    escaped = cited("1", TEXT, URL.replace("+", "%20") + "/")
    assert Inquiry(Search([escaped])).ask_for([SAMPLE])["1"].state == "cited"
    assert address("https://e.net/a%20b#c") == "https://e.net/a b"


def test_a_page_is_asked_for_in_another_way_and_then_again() -> None:
    search = Search([cited()], [OWN])
    assert Inquiry(search).ask_for([SAMPLE])["1"].state == "cited"
    assert search.asked == [TEXT, "bolts frame pump"]
    late = Search([cited()], [cited()], [OWN])
    assert Inquiry(late).ask_for([SAMPLE])["1"].state == "cited"
    assert late.asked == [TEXT, "bolts frame pump", TEXT]


def test_what_is_cited_instead_is_the_evidence() -> None:
    answer = Inquiry(Search([cited(text="Something about valves and their seats")])).ask_for([SAMPLE])["1"]
    assert answer.state == "uncited"
    assert answer.evidence == (
        "asked for in 2 ways and again, it is not cited; cited instead: 'Page 2' (https://example.atlassian.net/2)"
    )
    assert Inquiry(Search([])).ask_for([SAMPLE])["1"].evidence.endswith("nothing is cited")


def test_a_near_copy_that_is_cited_instead_excuses() -> None:
    copy = cited(text=f"PROD › Mount the fan\n\n{TEXT.replace('Mount', 'Fix')}, then rest.")
    answer = Inquiry(Search([copy])).ask_for([SAMPLE])["1"]
    assert (answer.state, answer.evidence) == (
        "excused",
        "the one chunk that is cited instead holds 91% of the question",
    )


def test_passages_of_several_pages_excuse_together() -> None:
    found = [
        cited("2", "Mount the pump on the frame and turn each of"),
        cited("3", "and turn each of the four bolts twice"),
    ]
    assert Inquiry(Search(found)).ask_for([SAMPLE])["1"].state == "excused"


def test_a_near_copy_does_not_excuse_where_the_search_had_room_for_more() -> None:
    """A search that gives five results elsewhere would have shown the page, too, if it had it."""
    copy = cited(text=TEXT)
    other = Sample("9", "Other", "https://example.atlassian.net/9", "hash", ("A question with many an answer to it",))
    search = Search([cited(str(number), "Nothing of it") for number in range(5)], [copy])
    answers = Inquiry(search).ask_for([other, SAMPLE])
    assert answers["1"].state == "uncited"


def test_a_page_with_another_text_is_told() -> None:
    altered = cited("1", "PROD › Mount the pump\n\nNothing of what was loaded is left in here.", URL)
    answer = Inquiry(Search([altered])).ask_for([SAMPLE])["1"]
    assert (answer.state, answer.evidence) == ("other text", "it is cited with a text that is not its own (chunk c)")
    snippet = cited("1", "turn each of the four bolts", URL)
    assert Inquiry(Search([snippet])).ask_for([SAMPLE])["1"].state == "cited"
    without = cited("1", "", URL)
    assert Inquiry(Search([without])).ask_for([SAMPLE])["1"].state == "cited"


def test_after_a_search_that_does_not_answer_nobody_waits_for_the_next() -> None:
    search = Search(TransientError("No answer from Twig", "Wait."))
    other = Sample("9", "Other", "", "hash", ("Question",))
    answers = Inquiry(search).ask_for([SAMPLE, other])
    assert {answer.state for answer in answers.values()} == {"unasked"}
    assert len(search.asked) == 1
    assert "No answer from Twig" in answers["9"].evidence


def test_a_deleted_page_is_wrong_only_if_it_is_cited_twice() -> None:
    def wrong(citation: Citation) -> bool:
        return citation.document_id == "1"

    assert Inquiry(Search([OWN], [])).cites("Mount", wrong) == []
    assert Inquiry(Search([OWN])).cites("Mount", wrong) == [OWN]


def test_a_deleted_page_is_known_by_its_id_or_by_an_address_that_no_other_page_has() -> None:
    assert is_cited_as(cited("1", url="https://elsewhere"), "1", URL, set(), set())
    assert is_cited_as(cited("doc_77", url=f"{URL}#Bolts"), "1", URL, {"2"}, set())
    assert not is_cited_as(cited("2", url=URL), "1", URL, {"2"}, set())
    assert not is_cited_as(cited("doc_77", url=URL), "1", URL, set(), {address(URL)})
    assert not is_cited_as(Citation("c", "", "", "", 0.1, ""), "1", "", set(), set())
