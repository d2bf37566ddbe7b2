"""The whole sample space, delivered as files in the formats that Twig's drive connectors are documented to read, to a citation."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from confluence_to_twig.staging.layout import SourceStaging, staging_root
from confluence_to_twig.staging.manifest import ManifestStore
from confluence_to_twig.twig.file_format import page_id_of
from sandbox import confluence
from sandbox.sample_space import load
from sandbox.sample_space.questions import questions
from sandbox.twig import data_specs, models
from tests.dags.conftest import Site

#: Of the questions in the words of the pages, how many the look-alike's search answers from files. It finds words, in Twig's
#: own cut of the text.
_ANSWERED = 0.8


@pytest.mark.parametrize(("file_format", "connector"), [("docx", "sharepoint"), ("txt", "google_drive")])
def test_every_page_of_the_sample_space_is_cited(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file_format: str, connector: str
) -> None:
    with confluence.serve(load()) as served:
        monkeypatch.setenv("AIRFLOW_CONN_CONFLUENCE_DEFAULT", json.dumps(served.connection()))
        site.configure(space_key="PROD", delivery="files", files_path=str(tmp_path / "drive"), files_format=file_format)
        report = site.run()
        ids = {question.ref: served.id_of(question.ref) for question in questions()}
    assert report["state"] == "success"
    manifest = ManifestStore(SourceStaging(staging_root(), "small")).read()
    addresses = dict(zip(manifest["page_id"].to_pylist(), manifest["url"].to_pylist(), strict=True))
    folder = tmp_path / "drive" / "small" / "documents"
    files = {path.name for path in folder.iterdir()}
    assert len(files) == report["result"]["pages"] > 100

    twig = site.twig.twig
    twig.settings.connector = connector  # type: ignore[assignment]
    with twig.store.transaction() as db:
        spec = data_specs.create(db, site.twig.org_id, models.NewDataSpec(name="drive", type="SHAREPOINT"), twig.now())
    taken = twig.import_files(spec["id"], folder)
    assert (taken.processed, taken.refused) == (len(files), {})
    held = twig.documents(spec["id"])
    for name in files:
        title = held[name].chunks[0].text.splitlines()[0]
        cited = twig.search(title, [spec["id"]], 50)
        assert name in {hit["document_url"] for hit in cited}, title
        page_id = page_id_of(name)
        # The name leads to the page, and so does the address in the text.
        assert page_id
        assert addresses[page_id] in "".join(chunk.text for chunk in held[name].chunks)

    asked = [question for question in questions() if question.kind != "paraphrase"]
    answered = [
        ids[question.ref]
        in {page_id_of(hit["document_url"]) for hit in twig.search(question.question, [spec["id"]], 10)}
        for question in asked
    ]
    assert sum(answered) / len(answered) >= _ANSWERED
