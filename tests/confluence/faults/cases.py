"""Situations that were reported of other tools, each reduced to a few pages and one fault. The form is that of ``sandbox.confluence.cases``."""

from __future__ import annotations

from typing import Any

LEGACY_MENTION = '<p>Ask <ac:link><ri:user ri:userkey="8a7f808a6d1e2c3b016d1e2c3b010001" /></ac:link>.</p>'
REPORT = '<ac:structured-macro ac:name="detailssummary"><ac:parameter ac:name="cql">label="x"</ac:parameter></ac:structured-macro>'
REFUSED = {"message": "x"}


def page(ref: str, storage: str = "<p>x</p>", **fields: Any) -> dict[str, Any]:
    return {"ref": ref, "title": ref.upper(), "storage": storage, **fields}


#: Name → where it was reported, the situation, and what has to come of it: ``got`` pages, ``warns`` in a warning
#: (absent: none), ``attached`` to A (numbers of attachments and comments), ``lacking`` of A, number of ``labels`` of A,
#: titles of pages with an ``unknown`` restriction (absent: none), ``not_asked``: part of an address.
CASES: dict[str, dict[str, Any]] = {
    "archived space": {
        "report": "https://github.com/langchain-ai/langchain-community/issues/328",
        "archive": True,
        "pages": [page("a", attachments=2, comments=1)],
        "expect": {"got": 2, "attached": (2, 1)},
    },
    "attachment search always 500": {
        "report": "https://github.com/elastic/connectors/issues/2574",
        "pages": [page("a", attachments=2)],
        "faults": [{"path": "content/search.*attachment", "status": 500, "body": REFUSED}],
        "expect": {"got": 2, "attached": (2, 0)},
    },
    "comment search 500": {
        "report": "https://jira.atlassian.com/browse/CONFCLOUD-76433",
        "pages": [page("a", comments=1)],
        "faults": [{"path": "content/search.*comment", "status": 500, "body": REFUSED}],
        "expect": {"got": 2, "attached": (0, 1)},
    },
    "body time without zone": {
        "report": "a time without a zone next to times with one",
        "pages": [page("a"), page("b")],
        "faults": [{"path": "body-format=storage", "rewrite": "no_zone"}],
        "expect": {"got": 3},
    },
    "attachment list of Data Center 400": {
        "report": "https://github.com/onyx-dot-app/onyx/issues/13805",
        "deployment": "datacenter",
        "pages": [page("a", attachments=228)],
        "faults": [
            {"path": "content/search.*attachment", "status": 403, "body": REFUSED},
            {"path": "child/attachment", "status": 400, "body": REFUSED},
        ],
        "expect": {"got": 2, "warns": "without attachments: 400", "attached": (0, 0), "lacking": ["attachments"]},
    },
    "attachment list of Data Center never ends": {
        "report": "https://jira.atlassian.com/browse/CONFSERVER-95396",
        "deployment": "datacenter",
        "pages": [page("a", attachments=228)],
        "faults": [
            {"path": "content/search.*attachment", "status": 403, "body": REFUSED},
            {"path": "child/attachment", "rewrite": "always_next"},
        ],
        "expect": {"got": 2, "attached": (228, 0)},
    },
    "one page's comment list 500": {
        "report": "https://jira.atlassian.com/browse/CONFCLOUD-76433",
        "pages": [page("a", comments=1), page("b", comments=1)],
        "faults": [
            {"path": "content/search.*comment", "status": 403, "body": REFUSED},
            {"path": "footer-comments", "status": 500, "body": REFUSED, "times": 3},
        ],
        "options": {"threads": 1},
        "expect": {"got": 3, "warns": "without comments: 500"},
    },
    "rendered page 403": {
        "report": "the account may view the page and not its export",
        "pages": [page("a", REPORT), page("b")],
        "faults": [{"path": "body-format=export_view", "status": 403, "body": REFUSED}],
        "expect": {"got": 3, "warns": "without rendered macros: 403", "lacking": ["rendered macros"]},
    },
    "rendered body an empty object": {
        "report": "https://github.com/open-cli-collective/atlassian-cli/issues/150",
        "pages": [page("a", REPORT), page("b")],
        "faults": [{"path": "body-format=export_view", "rewrite": "no_body"}],
        "expect": {"got": 3, "warns": "without rendered macros", "lacking": ["rendered macros"]},
    },
    "users-bulk 400": {
        "report": "https://developer.atlassian.com/cloud/confluence/rest/v2/api-group-user/ (400: invalid request)",
        "pages": [page("a", LEGACY_MENTION)],
        "faults": [{"path": "users-bulk", "status": 400, "body": {"errors": [{"status": 400, "title": "not valid"}]}}],
        "expect": {"got": 2, "warns": "without a name: 400"},
    },
    "users-bulk 500": {
        "report": "https://github.com/onyx-dot-app/onyx/issues/10147",
        "pages": [page("a", LEGACY_MENTION)],
        "faults": [{"path": "users-bulk", "status": 500, "body": {"errors": []}}],
        "expect": {"got": 2, "warns": "without a name: 500"},
    },
    "users-bulk 410": {
        "report": "a route that Atlassian has removed",
        "pages": [page("a", LEGACY_MENTION)],
        "faults": [{"path": "users-bulk", "status": 410, "body": REFUSED}],
        "expect": {"got": 2, "warns": "without a name: 410"},
    },
    "users-bulk without results": {
        "report": "an answer that is no listing",
        "pages": [page("a", LEGACY_MENTION)],
        "faults": [{"path": "users-bulk", "status": 200, "body": {"users": []}}],
        "expect": {"got": 2, "warns": "without a name: A listing came without results"},
    },
    "only legacy user keys": {
        "report": "https://github.com/WikiTransformationProject/wikitraccs-releases/issues/114",
        "pages": [page("a", LEGACY_MENTION)],
        "expect": {"got": 2},
    },
    "one web page among the bodies": {
        "report": "https://github.com/airweave-ai/airweave/issues/1074",
        "pages": [page("a"), page("b")],
        "faults": [
            {
                "path": "body-format=storage",
                "times": 1,
                "status": 200,
                "body": "<html>We are performing maintenance</html>",
            }
        ],
        "expect": {"got": 3},
    },
    "folder 403": {
        "report": "https://github.com/hunyadi/md2conf/issues/290, https://github.com/datahub-project/datahub/issues/18046",
        "pages": [page("f", "", kind="folder"), page("a", parent="f")],
        "faults": [{"path": "api/v2/folders/", "status": 403, "body": REFUSED}],
        "expect": {"got": 2, "warns": "hang on contents that this run cannot see", "unknown": ["A"]},
    },
    "labels cut at 200": {
        "report": "https://jira.atlassian.com/browse/CONFCLOUD-71415",
        "pages": [page("a", many_labels=230, labels=["zz-private"])],
        "faults": [{"path": "content/search", "rewrite": "cut_labels"}],
        "expect": {"got": 2, "labels": 231},
    },
    "search 504 for many ids": {
        "report": "https://github.com/onyx-dot-app/onyx/issues/10147",
        "generated": 300,
        "faults": [{"path": r"content/search\?cql=id\+in.*(\d+%2C){60,}", "status": 504, "body": REFUSED}],
        "expect": {"got": 301, "not_asked": "restriction/byOperation"},
    },
    "one page's restriction 403": {
        "report": "https://github.com/elastic/connectors/pull/4297, https://github.com/onyx-dot-app/onyx/issues/11468",
        "pages": [page("a"), page("b")],
        "faults": [
            {"path": "content/search", "rewrite": "hide_b"},
            {"path": "restriction/byOperation", "status": 403, "body": REFUSED},
        ],
        "expect": {"got": 3, "warns": "1 page depends on them", "unknown": ["B"]},
    },
}
