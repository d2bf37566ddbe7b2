from __future__ import annotations

from typing import Any

from sandbox.confluence import SandboxConfluence


def test_footer_comments_carry_their_body_and_page(confluence: SandboxConfluence, client: Any) -> None:
    page_id = confluence.id_of("guide")
    (comment,) = client.results(f"/api/v2/pages/{page_id}/footer-comments", body_format="storage")
    assert comment["body"]["storage"]["value"] == "<p>Nice</p>"
    assert comment["pageId"] == page_id
    assert comment["version"]["authorId"] == "712020:ben"
    assert client.results(f"/api/v2/pages/{page_id}/footer-comments")[0]["body"] == {}


def test_inline_comments_name_the_marked_text_and_filter_by_resolution(
    confluence: SandboxConfluence, client: Any
) -> None:
    path = f"/api/v2/pages/{confluence.id_of('guide')}/inline-comments"
    both = client.results(path)
    assert [comment["resolutionStatus"] for comment in both] == ["open", "resolved"]
    assert both[0]["properties"]["inlineOriginalSelection"] == "marked"
    assert both[0]["properties"]["inlineMarkerRef"] == "ref-1"
    assert len(client.results(path, resolution_status="resolved")) == 1
    confluence.resolve_comment(both[0]["id"])
    assert client.results(path, resolution_status=["open", "reopened"]) == []


def test_replies_are_below_their_comment_only(confluence: SandboxConfluence, client: Any) -> None:
    page_id = confluence.id_of("guide")
    (comment,) = client.results(f"/api/v2/pages/{page_id}/footer-comments")
    reply = confluence.comment("guide", "<p>Thanks</p>", author="712020:ada", reply_to=comment["id"])
    assert len(client.results(f"/api/v2/pages/{page_id}/footer-comments")) == 1
    (found,) = client.results(f"/api/v2/footer-comments/{comment['id']}/children", body_format="storage")
    assert (found["id"], found["parentCommentId"]) == (reply, comment["id"])
    assert "pageId" not in found
    assert client.json(f"/api/v2/footer-comments/{reply}")["id"] == reply
    assert client.get(f"/api/v2/inline-comments/{reply}").status_code == 404


def test_comments_of_the_whole_site_know_no_space(confluence: SandboxConfluence, client: Any, make_space: Any) -> None:
    confluence.add_space(make_space("TWO"))
    assert len(client.results("/api/v2/footer-comments", space_id="1")) == 2
    assert len(client.results("/api/v2/inline-comments", limit=250)) == 4


def test_comments_on_blog_posts_name_the_post(confluence: SandboxConfluence, client: Any) -> None:
    confluence.comment("news", "<p>First</p>")
    (comment,) = client.results(f"/api/v2/blogposts/{confluence.id_of('news')}/footer-comments")
    assert comment["blogPostId"] == confluence.id_of("news")


def test_an_edited_comment_has_a_new_version_and_a_deleted_one_is_gone(
    confluence: SandboxConfluence, client: Any
) -> None:
    path = f"/api/v2/pages/{confluence.id_of('guide')}/footer-comments"
    comment_id = client.results(path)[0]["id"]
    confluence.edit_comment(comment_id, "<p>Very nice</p>")
    (edited,) = client.results(path, body_format="storage")
    assert (edited["version"]["number"], edited["body"]["storage"]["value"]) == (2, "<p>Very nice</p>")
    confluence.delete_comment(comment_id)
    assert client.results(path) == []


def test_attachments_carry_type_size_and_links(confluence: SandboxConfluence, client: Any) -> None:
    path = f"/api/v2/pages/{confluence.id_of('step')}/attachments"
    text, table = client.results(path)
    assert (text["title"], text["mediaType"], text["fileSize"]) == ("a b.txt", "text/plain", 5)
    assert text["downloadLink"].startswith(f"/download/attachments/{confluence.id_of('step')}/a%20b.txt?")
    assert text["fileId"] != text["id"]
    assert text["id"].startswith("att")
    assert [row["id"] for row in client.results(path, filename="c.csv")] == [table["id"]]
    assert [row["id"] for row in client.results(path, mediaType="text/plain")] == [text["id"]]
    assert len(client.results("/api/v2/attachments")) == 2
    assert client.json(f"/api/v2/attachments/{text['id']}")["title"] == "a b.txt"


def test_the_same_file_name_again_is_a_new_version(confluence: SandboxConfluence, client: Any) -> None:
    path = f"/api/v2/pages/{confluence.id_of('step')}/attachments"
    old_id = client.results(path)[0]["id"]
    new_id = confluence.attach("step", "a b.txt", b"hello again", "text/plain")
    assert new_id == old_id
    row = client.json(f"/api/v2/attachments/{new_id}")
    assert (row["version"]["number"], row["fileSize"]) == (2, 11)
    confluence.detach(new_id)
    assert len(client.results(path)) == 1


def test_what_hangs_on_a_trashed_page_is_hidden(confluence: SandboxConfluence, client: Any) -> None:
    comment_id = client.results("/api/v2/footer-comments")[0]["id"]
    confluence.trash("guide")
    assert client.results("/api/v2/footer-comments") == []
    assert client.get(f"/api/v2/footer-comments/{comment_id}").status_code == 404
