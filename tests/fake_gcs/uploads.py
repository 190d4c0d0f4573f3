"""How data come in: at once, or in resumable chunks whose precondition holds to the end."""

from __future__ import annotations

import json
import re
import threading
import uuid
from collections.abc import Mapping
from typing import Any

from attrs import define, field

from .answers import Answer, location, shown, uploaded
from .objects import Conditions, Refused, Storage

_CHUNK = re.compile(r"bytes (?:(\d+)-(\d+)|\*)/(\d+|\*)")


@define
class Session:
    """A resumable upload; nothing of it is visible before its end."""

    name: str
    resource: Mapping[str, Any]
    conditions: Conditions
    data: bytearray = field(factory=bytearray)
    done: Answer | None = None


@define
class Uploads:
    storage: Storage
    origin: str
    _sessions: dict[str, Session] = field(factory=dict)
    _lock: threading.Lock = field(factory=threading.Lock)

    def once(self, bucket: str, query: Mapping[str, str], headers: Any, body: bytes) -> Answer:
        """`uploadType=media` and `multipart`."""
        if query["uploadType"] == "multipart":
            resource, data, kind = _parts(headers["Content-Type"], body)
        else:
            resource, data, kind = {}, body, headers.get("Content-Type")
        resource = {"contentType": kind, **_sums(headers), **resource}
        name = str(resource.get("name") or query.get("name"))
        conditions = Conditions.of(query)
        return uploaded(self.storage.write(bucket, name, data, conditions, resource), bucket)

    def begin(self, bucket: str, query: Mapping[str, str], headers: Any, body: bytes) -> Answer:
        resource = json.loads(body or b"{}")
        resource.setdefault("contentType", headers.get("X-Upload-Content-Type"))
        name = str(resource.get("name") or query.get("name"))
        conditions = Conditions.of(query)
        with self.storage.lock:
            conditions.check(self.storage.bucket(bucket).get(name))
        session = uuid.uuid4().hex
        self._sessions[session] = Session(name, resource, conditions)
        return Answer(200, b"", {"Location": location(self.origin, bucket, session)})

    def go_on(self, bucket: str, query: Mapping[str, str], headers: Any, body: bytes) -> Answer:
        """One chunk, or the question how many bytes have come."""
        session = self._sessions.get(query["upload_id"])
        if session is None:
            raise Refused(404, "No such upload.")
        with self._lock:
            if session.done:
                return session.done
            found = _CHUNK.fullmatch(headers.get("Content-Range") or "")
            if found and found[1]:
                first = int(found[1])
                if first > len(session.data):
                    raise Refused(503, "A chunk is missing.")
                session.data[first:] = body
            elif not found:
                session.data[:] = body
            whole = not found or (found[3] != "*" and len(session.data) == int(found[3]))
            if not whole:
                so_far = {"Range": f"bytes=0-{len(session.data) - 1}"} if session.data else {}
                return Answer(308, b"", so_far)
            stored = self.storage.write(
                bucket, session.name, bytes(session.data), session.conditions, session.resource
            )
            session.done = shown(stored.resource(bucket))
            return session.done


def _sums(headers: Any) -> dict[str, str]:
    """The checksums that a header promises."""
    told = dict(one.strip().split("=", 1) for one in headers.get_all("X-Goog-Hash", ()) if one)
    return {{"md5": "md5Hash"}.get(kind, kind): value for kind, value in told.items()}


def _parts(content_type: str, body: bytes) -> tuple[dict[str, Any], bytes, str]:
    """The JSON resource, the data and their type, of a multipart/related body."""
    found = re.search(r'boundary="?([^";]+)"?', content_type)
    if not found:
        raise Refused(400, "A multipart body without a boundary.")
    mark = b"--" + found[1].encode()
    pieces = body.split(mark, 2)
    if len(pieces) != 3 or not body.rstrip().endswith(mark + b"--"):
        raise Refused(400, "A multipart body that is cut.")
    resource = pieces[1].partition(b"\r\n\r\n")[2]
    head, _, rest = pieces[2].partition(b"\r\n\r\n")
    data = rest[: rest.rindex(b"\r\n" + mark + b"--")]
    kind = re.search(rb"content-type:\s*([^\r\n]+)", head, re.IGNORECASE)
    return json.loads(resource), data, kind[1].decode() if kind else "application/octet-stream"
