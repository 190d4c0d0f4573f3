"""What each operation of the JSON API answers."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Mapping
from itertools import islice
from typing import Any
from urllib.parse import quote

from attrs import field, frozen

from .objects import Conditions, Object, Refused, Storage

MOST_ROWS = 1000
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


@frozen
class Answer:
    """One HTTP answer."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(factory=dict)


def shown(resource: Mapping[str, Any], status: int = 200) -> Answer:
    headers = {"Content-Type": "application/json; charset=UTF-8"}
    return Answer(status, json.dumps(resource).encode(), headers)


def refusal(refused: Refused) -> Answer:
    """The error body of the JSON API."""
    message = str(refused)
    reason = {404: "notFound", 412: "conditionNotMet", 429: "rateLimitExceeded"}
    error = {
        "code": refused.status,
        "message": message,
        "errors": [
            {
                "message": message,
                "domain": "global",
                "reason": reason.get(refused.status, "invalid"),
            }
        ],
    }
    if refused.status == 304:
        return Answer(304)
    return shown({"error": error}, refused.status)


def bucket_resource(name: str) -> dict[str, Any]:
    return {"kind": "storage#bucket", "id": name, "name": name, "location": "US"}


def media(
    storage: Storage, bucket: str, name: str, query: Mapping[str, str], headers: Any
) -> Answer:
    """The data, whole or a range of them. Custom metadata are not among the headers."""
    found = storage.find(bucket, name, query.get("generation"))
    Conditions.of(query).check(found)
    stored = "gzip" in (headers.get("Accept-Encoding") or "")
    data = found.data if stored else found.plain()
    told = {
        "Content-Type": found.content_type,
        "X-Goog-Generation": str(found.generation),
        "X-Goog-Metageneration": str(found.metageneration),
        "X-Goog-Hash": f"crc32c={found.crc32c},md5={found.md5}",
        "X-Goog-Storage-Class": "STANDARD",
        "X-Goog-Stored-Content-Length": str(len(found.data)),
        "X-Goog-Stored-Content-Encoding": found.content_encoding or "identity",
    }
    if found.cache_control:
        told["Cache-Control"] = found.cache_control
    if found.content_encoding and stored:
        told["Content-Encoding"] = found.content_encoding
    wanted = _RANGE.fullmatch(headers.get("Range") or "")
    if not wanted or not data:
        return Answer(200, data, told)
    first = int(wanted[1]) if wanted[1] else max(0, len(data) - int(wanted[2]))
    last = int(wanted[2]) if wanted[1] and wanted[2] else len(data) - 1
    if first >= len(data):
        raise Refused(416, "Requested range not satisfiable")
    part = data[first : last + 1]
    told["Content-Range"] = f"bytes {first}-{first + len(part) - 1}/{len(data)}"
    return Answer(206, part, told)


def listing(storage: Storage, bucket: str, query: Mapping[str, str]) -> Answer:
    """One page of objects and, with a delimiter, of folders."""
    after = query.get("pageToken", "")
    most = min(int(query.get("maxResults") or MOST_ROWS), MOST_ROWS)
    rows = _rows(storage, bucket, query)
    page = list(islice((row for row in rows if row[0] > after), most + 1))
    more = len(page) > most
    page = page[:most]
    body: dict[str, Any] = {"kind": "storage#objects"}
    items = [item.resource(bucket) for _, item in page if item]
    prefixes = [row for row, item in page if item is None]
    if items:
        body["items"] = items
    if prefixes:
        body["prefixes"] = prefixes
    if more:
        body["nextPageToken"] = page[-1][0]
    return shown(body)


def _rows(storage: Storage, bucket: str, query: Mapping[str, str]):
    delimiter, prefix, last = query.get("delimiter"), query.get("prefix", ""), None
    objects = storage.bucket(bucket)
    for name in storage.names(bucket, query):
        folder, found, _ = name[len(prefix) :].partition(delimiter) if delimiter else ("", "", "")
        if found:
            folder = prefix + folder + delimiter
            if folder != last:
                yield folder, None
            last = folder
        elif (item := objects.get(name)) is not None:
            yield name, item


def compose(
    storage: Storage, bucket: str, name: str, query: Mapping[str, str], body: Any
) -> Object:
    parts = [
        storage.find(bucket, one["name"], one.get("generation")) for one in body["sourceObjects"]
    ]
    data = b"".join(part.data for part in parts)
    return storage.write(bucket, name, data, Conditions.of(query), body.get("destination") or {})


def copy(
    storage: Storage, source: tuple[str, str], target: tuple[str, str], query: Mapping[str, str]
) -> Object:
    found = storage.find(*source, query.get("sourceGeneration"))
    resource = {"metadata": found.metadata, "contentType": found.content_type}
    return storage.write(*target, found.data, Conditions.of(query), resource)


def uploaded(stored: Object, bucket: str) -> Answer:
    return shown(stored.resource(bucket))


def unzipped(body: bytes, encoding: str | None) -> bytes:
    return gzip.decompress(body) if encoding == "gzip" else body


def location(origin: str, bucket: str, session: str) -> str:
    """Where the chunks of a resumable upload go."""
    return (
        f"{origin}/upload/storage/v1/b/{quote(bucket)}/o?uploadType=resumable&upload_id={session}"
    )
