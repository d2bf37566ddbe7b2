"""Which pages a source takes, over whole runs."""

from __future__ import annotations

from tests.dags.conftest import Site

OUT = "below none of the root pages"


def test_pages_come_into_the_selection_and_leave_it(site: Site) -> None:
    site.configure(retries=0, lookback="90 days", root_pages=["Alpha"], exclude_titles=["*topic 4"])
    site.confluence.label("alpha-2", "draft")
    report = site.run(full=True)
    assert site.held_titles() == {"Alpha", *(f"Alpha topic {number}" for number in (1, 2, 3))}
    assert report["plan"]["skip"] == {OUT: 7, "title like *topic 4 is excluded": 1}
    # Moved in and out, long before the lookback; and the source is edited.
    site.confluence.move("beta-1", "alpha-1")
    site.confluence.move("alpha-3", "beta")
    site.configure(
        retries=0,
        lookback="90 days",
        root_pages=["Alpha", site.confluence.id_of("beta-2")],
        exclude_titles=["*topic 4"],
        exclude_labels=["draft"],
    )
    assert site.plan(site.run()) == {
        "Alpha topic 2": ("delete", "label draft is excluded"),
        "Alpha topic 3": ("delete", OUT),
        "Beta topic 1": ("fetch", "new since the last run"),
        "Beta topic 2": ("fetch", "new since the last run"),
        "Alpha topic 4": ("skip", "title like *topic 4 is excluded"),
        **dict.fromkeys(["Handbook", "Beta", "Beta topic 3", "Beta topic 4", "Release news"], ("skip", OUT)),
    }
    assert site.held_titles() == {"Alpha", "Alpha topic 1", "Beta topic 1", "Beta topic 2"}


def test_a_page_tree_that_is_not_there_ends_the_run_before_anything_is_deleted(site: Site) -> None:
    site.configure(retries=0, exclude_root_pages=["Beta"])
    site.run()
    held = site.held_titles()
    site.confluence.edit("beta", title="Beta, renamed")
    report = site.run()
    assert report["state"] == "failed"
    assert "has no page and no folder 'Beta'" in report["errors"][0]["error"]
    assert site.held_titles() == held
