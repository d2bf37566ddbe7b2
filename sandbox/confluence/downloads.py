"""Files: Cloud redirects a download to its media host, Data Center sends the file itself.

https://developer.atlassian.com/cloud/confluence/rest/v1/api-group-content---attachments/ documents the 302.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from sandbox.confluence import errors
from sandbox.confluence.calls import Answer, Call

if TYPE_CHECKING:
    from sandbox.confluence.model import Attachment

MEDIA_PATH = "/_media/file/{file_id}/binary"
#: Signs media addresses, so that one cannot be made up; worth nothing outside the sandbox.
_MEDIA_KEY = b"sandbox media"


def by_name(call: Call) -> Answer:
    """``GET /download/attachments/{content_id}/{file_name}``: the address that people click on."""
    text = call.path["content_id"]
    content_id = int(text) if text.isascii() and text.isdigit() else 0
    for attachment in call.store.attachments_of(content_id):
        if attachment.file_name == call.path["file_name"] and call.sees.belonging(attachment):
            return _deliver(call, attachment)
    raise errors.v1_not_found(f"No attachment found with name: {call.path['file_name']}")


def by_id(call: Call) -> Answer:
    """``GET /rest/api/content/{id}/child/attachment/{attachment_id}/download``."""
    digits = call.path["attachment_id"].removeprefix("att")
    attachment = call.store.attachments.get(int(digits)) if digits.isascii() and digits.isdigit() else None
    if attachment is None or str(attachment.content_id) != call.path["id"] or not call.sees.belonging(attachment):
        raise errors.v1_not_found(f"No attachment found with id: {call.path['attachment_id']}")
    return _deliver(call, attachment)


def media(call: Call) -> Answer:
    """The media host. It knows no users: its address carries its own token, so it must be asked without a password."""
    file_id = call.path["file_id"]
    found = [attachment for attachment in call.store.attachments.values() if attachment.file_id == file_id]
    if not found or not hmac.compare_digest(_media_token(file_id), call.one("token") or ""):
        raise errors.ApiError(403, {"code": 403, "message": "Forbidden"})
    return _file(found[0])


def _deliver(call: Call, attachment: Attachment) -> Answer:
    if not call.site.is_cloud:
        return _file(attachment)
    port = urlsplit(call.origin).port
    host = call.site.media_host + (f":{port}" if port else "")
    path = MEDIA_PATH.format(file_id=attachment.file_id)
    name = quote(attachment.file_name, safe="")
    location = f"http://{host}{path}?token={_media_token(attachment.file_id)}&name={name}"
    return Answer(b"", 302, {"Location": location})


def _file(attachment: Attachment) -> Answer:
    name = quote(attachment.file_name, safe="")
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{name}"}
    return Answer(attachment.content, headers=headers, content_type=attachment.media_type)


def _media_token(file_id: str) -> str:
    return hmac.new(_MEDIA_KEY, file_id.encode(), hashlib.sha256).hexdigest()
