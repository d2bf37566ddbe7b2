"""Whole runs of a source whose pages are not for everybody: loaded, processed and proven in several data sources or folders."""

from __future__ import annotations

from pathlib import Path

from tests.dags.conftest import Site

ALPHA = {"Alpha", *(f"Alpha topic {number}" for number in range(1, 5))}


def test_a_page_is_cited_from_the_data_source_of_its_readers_and_from_no_other(site: Site) -> None:
    site.configure(restricted_pages="audiences", everyone_groups=["confluence-users"])
    site.confluence.restrict("alpha", groups=["staff"])
    report = site.run()
    assert (report["state"], report["figures"]["audiences"]) == ("success", 2)
    specs = {spec["name"]: spec["id"] for spec in site.twig.twig.data_specs()}
    assert specs.keys() == {"small", "small · staff"}
    held = {
        name: {document.title for document in site.twig.twig.documents(key).values()} for name, key in specs.items()
    }
    assert held["small · staff"] == ALPHA
    assert not held["small"] & ALPHA
    assert report["pages"] == sum(map(len, held.values()))
    assert report["verified"]["compared"] == report["pages"]
    assert report["verified"]["cited"] > 0
    assert _cited(site, "alpha-2-widgets", specs["small · staff"])
    assert not _cited(site, "alpha-2-widgets", specs["small"])

    site.confluence.unrestrict("alpha")
    report = site.run(full=True)
    assert report["state"] == "success"
    assert report["figures"]["moved"] == 5
    assert _cited(site, "alpha-2-widgets", specs["small"])
    assert not _cited(site, "alpha-2-widgets", specs["small · staff"])


def test_each_audience_has_a_folder_beside_the_others(site: Site, tmp_path: Path) -> None:
    root = tmp_path / "for-twig"
    site.configure(
        restricted_pages="audiences",
        everyone_groups=["confluence-users"],
        delivery="files",
        files_path=str(root),
        files_format="md",
    )
    site.confluence.restrict("alpha", groups=["staff"])
    assert site.run()["state"] == "success"
    names = {folder.name: {path.name for path in (folder / "documents").glob("*.md")} for folder in root.iterdir()}
    [(other, files)] = [(name, files) for name, files in names.items() if name != "small"]
    assert other.startswith("small--")
    assert len(files) == len(ALPHA)
    assert all("alpha" in name for name in files)
    assert not any("alpha" in name for name in names["small"])


def _cited(site: Site, query: str, data_source: str) -> bool:
    return any(query in hit["text"] for hit in site.twig.twig.search(query, [data_source]))
