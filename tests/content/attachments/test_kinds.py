from __future__ import annotations

from importlib import import_module

import pytest

from confluence_to_twig.content.attachments.kinds import reader_for


@pytest.mark.parametrize(
    ("name", "media_type", "reader"),
    [
        ("a.TXT", "application/octet-stream", "plain"),
        ("a.csv", "", "plain"),
        ("notes", "text/plain; charset=utf-8", "plain"),
        ("plan", "application/pdf", "pdf"),
        ("plan.docx", "", "docx"),
        ("talk.PPTX", "", "pptx"),
        ("talk", "application/vnd.openxmlformats-officedocument.presentationml.presentation", "pptx"),
        ("hosts.xlsx", "application/octet-stream", "xlsx"),
        ("macros.xlsm", "", "xlsx"),
        ("page.html", "", "html"),
        ("page", "text/html;charset=UTF-8", "html"),
        ("settings.yml", "", "plain"),
        ("answer", "application/json", "plain"),
    ],
)
def test_a_file_is_known_by_its_name_or_else_by_its_type(name: str, media_type: str, reader: str) -> None:
    found = reader_for(name, media_type)
    assert found is not None
    module, _, function = found.partition(":")
    assert function == reader
    assert callable(getattr(import_module(module), function))


@pytest.mark.parametrize(
    ("name", "media_type"),
    [("a.png", "image/png"), ("a.exe", ""), ("a.zip", "application/zip"), ("a", "video/mp4"), ("", "")],
)
def test_other_files_have_no_text(name: str, media_type: str) -> None:
    assert reader_for(name, media_type) is None
