"""The v2 shapes of every record, after Atlassian's OpenAPI file and real recorded answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from sandbox.confluence import links
from sandbox.confluence.model import (
    Attachment,
    Comment,
    Content,
    Label,
    Space,
    User,
    Version,
    iso,
)

if TYPE_CHECKING:
    from sandbox.confluence.store import Store

Row = dict[str, Any]


def text_id(row_id: int | None) -> str | None:
    return None if row_id is None else str(row_id)


def version_row(version: Version) -> Row:
    return {
        "number": version.number,
        "message": version.message,
        "minorEdit": version.minor_edit,
        "authorId": version.author_id,
        "createdAt": iso(version.created_at),
        "ncsStepVersion": None,
    }


def content_row(store: Store, content: Content) -> Row:
    """A page, blog post or container, without its body."""
    space = store.spaces[content.space_id]
    row: Row = {
        "id": str(content.id),
        "status": content.status,
        "title": content.title,
        "spaceId": str(content.space_id),
        "authorId": content.author_id,
        "createdAt": iso(content.created_at),
        "version": version_row(content.version),
    }
    if content.kind != "blogpost":
        parent = store.contents.get(content.parent_id) if content.parent_id is not None else None
        row |= {
            "parentId": text_id(parent.id) if parent else None,
            "parentType": parent.kind if parent else None,
            "position": content.position,
            "ownerId": content.author_id,
        }
    if content.kind == "page":
        row |= {"lastOwnerId": None, "subtype": content.subtype}
    if content.kind in ("page", "blogpost"):
        key = space.active_key
        row["_links"] = {
            "webui": links.webui(space, content),
            "editui": links.editui(content),
            "edituiv2": f"/spaces/{key}/pages/edit-v2/{content.id}",
            "tinyui": links.tinyui(content.id),
        }
    else:
        row |= {"type": content.kind, "_links": {"webui": links.webui(space, content)}}
    return row


def open_row(store: Store, content: Content) -> bytes:
    """The serialised row without its closing brace, so that a body can follow. Kept until the content changes."""
    row = store.row_cache.get(content.id)
    if row is None:
        row = store.row_cache[content.id] = msgspec.json.encode(content_row(store, content))[:-1]
    return row


def space_row(space: Space, description_format: str | None = None, icon: bool = False) -> Row:
    row: Row = {
        "id": str(space.id),
        "key": space.key,
        "name": space.name,
        "type": space.kind,
        "status": space.status,
        "authorId": space.author_id,
        "createdAt": iso(space.created_at),
        "homepageId": text_id(space.homepage_id),
        "description": None,
        "icon": {"path": f"/wiki/aa-avatar/space-{space.id}", "apiDownloadLink": ""} if icon else None,
        "currentActiveAlias": space.active_key,
        "_links": {"webui": f"/spaces/{space.active_key}"},
    }
    if description_format:
        value = {"value": space.description, "representation": description_format}
        row["description"] = {description_format: value}
    return row


def label_row(label: Label) -> Row:
    return {"id": str(label.id), "name": label.name, "prefix": label.prefix}


def user_row(user: User) -> Row:
    return {
        "displayName": user.display_name,
        "timeZone": None,
        "personalSpaceId": None,
        "isExternalCollaborator": False,
        "accountStatus": "active",
        "accountId": user.account_id,
        "email": user.email,
        "accountType": user.account_type,
        "publicName": user.display_name,
        "profilePicture": {"path": f"/wiki/aa-avatar/{user.account_id}", "isDefault": True},
    }


def attachment_row(store: Store, attachment: Attachment) -> Row:
    owner = store.contents[attachment.content_id]
    owner_field = "blogPostId" if owner.kind == "blogpost" else "pageId"
    download, webui = links.attachment_download(attachment), links.attachment_webui(attachment)
    return {
        "id": links.attachment_id(attachment),
        "status": attachment.status,
        "title": attachment.file_name,
        "createdAt": iso(attachment.created_at),
        owner_field: str(owner.id),
        "mediaType": attachment.media_type,
        "mediaTypeDescription": attachment.media_type.rpartition("/")[2].upper() + " File",
        "comment": attachment.comment,
        "fileId": attachment.file_id,
        "fileSize": len(attachment.content),
        "webuiLink": webui,
        "downloadLink": download,
        "version": version_row(attachment.version),
        "_links": {"webui": webui, "download": download},
    }


def comment_row(store: Store, comment: Comment, body: Row) -> Row:
    """Any comment. The owner's field is left out of replies, as in the real answers."""
    owner = store.contents[comment.content_id]
    row: Row = {
        "id": str(comment.id),
        "status": comment.status,
        "title": f"Re: {owner.title}",
        "version": version_row(comment.version),
        "body": body,
        "_links": {"webui": links.comment_webui(store.spaces[owner.space_id], owner, comment)},
    }
    if comment.parent_id is None:
        row["blogPostId" if owner.kind == "blogpost" else "pageId"] = str(owner.id)
    else:
        row["parentCommentId"] = str(comment.parent_id)
    if comment.kind == "inline":
        row["resolutionStatus"] = comment.resolution
        row["properties"] = {
            "inlineMarkerRef": comment.marker_ref,
            "inlineOriginalSelection": comment.anchor_text,
            "inline-marker-ref": comment.marker_ref,
            "inline-original-selection": comment.anchor_text,
        }
    return row
