"""Buckets and objects as Cloud Storage keeps them: whole states, each with a generation."""

from __future__ import annotations

import base64
import gzip
import hashlib
import itertools
import re
import threading
import time
from collections.abc import Iterator, Mapping
from datetime import datetime, timezone
from typing import Any

import google_crc32c
from attrs import evolve, field, frozen

LONGEST_NAME = 1024


class Refused(Exception):
    """The request is answered with this status and message."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@frozen
class Object:
    """One state of an object; its data never change."""

    name: str
    data: bytes = field(repr=False)
    generation: int
    created: str
    updated: str
    crc32c: str
    md5: str
    metageneration: int = 1
    metadata: Mapping[str, str] = field(factory=dict)
    content_type: str = "application/octet-stream"
    content_encoding: str | None = None
    cache_control: str | None = None

    def plain(self) -> bytes:
        """The data as a client that does not take gzip gets them."""
        return gzip.decompress(self.data) if self.content_encoding == "gzip" else self.data

    def resource(self, bucket: str) -> dict[str, Any]:
        """The object's metadata as the JSON API shows them."""
        shown = {
            "kind": "storage#object",
            "id": f"{bucket}/{self.name}/{self.generation}",
            "bucket": bucket,
            "name": self.name,
            "size": str(len(self.data)),
            "generation": str(self.generation),
            "metageneration": str(self.metageneration),
            "contentType": self.content_type,
            "crc32c": self.crc32c,
            "md5Hash": self.md5,
            "etag": base64.b64encode(f"{self.generation}/{self.metageneration}".encode()).decode(),
            "timeCreated": self.created,
            "updated": self.updated,
            "storageClass": "STANDARD",
        }
        if self.metadata:
            shown["metadata"] = dict(self.metadata)
        if self.content_encoding:
            shown["contentEncoding"] = self.content_encoding
        if self.cache_control:
            shown["cacheControl"] = self.cache_control
        return shown


@frozen
class Conditions:
    """What a request demands of the object's present state."""

    generation: int | None = None
    not_generation: int | None = None
    metageneration: int | None = None
    not_metageneration: int | None = None

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Conditions:
        def number(name: str) -> int | None:
            return int(query[name]) if name in query else None

        return cls(
            number("ifGenerationMatch"),
            number("ifGenerationNotMatch"),
            number("ifMetagenerationMatch"),
            number("ifMetagenerationNotMatch"),
        )

    def check(self, found: Object | None) -> None:
        """Raise 412 for a match that fails, 304 for a mismatch that does."""
        generation = found.generation if found else 0
        metageneration = found.metageneration if found else 0
        for wanted, actual in (
            (self.generation, generation),
            (self.metageneration, metageneration),
        ):
            if wanted is not None and wanted != actual:
                raise Refused(412, "At least one of the pre-conditions you specified did not hold.")
        for unwanted, actual in (
            (self.not_generation, generation),
            (self.not_metageneration, metageneration),
        ):
            if unwanted is not None and unwanted == actual:
                raise Refused(304, "Not Modified")


class Storage:
    """All buckets; every method is one atomic step."""

    def __init__(self, write_gate: float) -> None:
        self.buckets: dict[str, dict[str, Object]] = {}
        self.lock = threading.RLock()
        self.gate = write_gate
        self._last_write: dict[tuple[str, str], float] = {}
        self._generations = itertools.count(time.time_ns() // 1000)

    def bucket(self, name: str) -> dict[str, Object]:
        if name not in self.buckets:
            raise Refused(404, "The specified bucket does not exist.")
        return self.buckets[name]

    def create_bucket(self, name: str) -> None:
        if not re.fullmatch(r"[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]", name):
            raise Refused(400, f"Invalid bucket name: '{name}'")
        with self.lock:
            if name in self.buckets:
                raise Refused(409, "The requested bucket name is not available.")
            self.buckets[name] = {}

    def find(self, bucket: str, name: str, generation: str | None = None) -> Object:
        with self.lock:
            found = self.bucket(bucket).get(name)
            if found is None or generation not in (None, str(found.generation)):
                raise Refused(404, f"No such object: {bucket}/{name}")
            return found

    def write(
        self,
        bucket: str,
        name: str,
        data: bytes,
        conditions: Conditions,
        resource: Mapping[str, Any] = {},
    ) -> Object:
        """A new state of an object, if the conditions, its name and its checksums hold."""
        check_name(name)
        fresh = self._fresh(name, data, resource)
        with self.lock:
            objects = self.bucket(bucket)
            conditions.check(objects.get(name))
            self._pass_gate(bucket, name)
            objects[name] = evolve(fresh, generation=next(self._generations))
            return objects[name]

    def patch(
        self, bucket: str, name: str, conditions: Conditions, resource: Mapping[str, Any]
    ) -> Object:
        with self.lock:
            found = self.find(bucket, name)
            conditions.check(found)
            metadata = found.metadata
            if "metadata" in resource:
                both = {**found.metadata, **(resource["metadata"] or {})}
                metadata = {key: value for key, value in both.items() if value is not None}
            changed = evolve(
                found,
                metadata=metadata,
                metageneration=found.metageneration + 1,
                updated=_now(),
                content_type=resource.get("contentType", found.content_type),
            )
            self.bucket(bucket)[name] = changed
            return changed

    def delete(
        self, bucket: str, name: str, conditions: Conditions, generation: str | None
    ) -> None:
        with self.lock:
            found = self.find(bucket, name, generation)
            conditions.check(found)
            del self.bucket(bucket)[name]

    def names(self, bucket: str, query: Mapping[str, str]) -> Iterator[str]:
        """The names that a listing is about, in order."""
        start, end = query.get("startOffset", ""), query.get("endOffset")
        glob = _glob(query["matchGlob"]) if query.get("matchGlob") else None
        with self.lock:
            names = sorted(self.bucket(bucket), key=lambda name: name.encode())
        for name in names:
            if (
                name.startswith(query.get("prefix", ""))
                and name >= start
                and (not end or name < end)
                and (glob is None or glob.fullmatch(name))
            ):
                yield name

    def _pass_gate(self, bucket: str, name: str) -> None:
        now = time.monotonic()
        if self.gate and now - self._last_write.get((bucket, name), -1e9) < self.gate:
            raise Refused(
                429,
                f"The object {bucket}/{name} exceeded the rate limit for object mutation "
                "operations (create, update, and delete). Please reduce your request rate.",
            )
        self._last_write[bucket, name] = now

    def _fresh(self, name: str, data: bytes, resource: Mapping[str, Any]) -> Object:
        crc32c = base64.b64encode(google_crc32c.Checksum(data).digest()).decode()
        md5 = base64.b64encode(hashlib.md5(data).digest()).decode()
        if resource.get("crc32c", crc32c) != crc32c or resource.get("md5Hash", md5) != md5:
            raise Refused(400, "Provided checksum doesn't match calculated checksum.")
        now = _now()
        return Object(
            name=name,
            data=data,
            generation=0,
            created=now,
            updated=now,
            crc32c=crc32c,
            md5=md5,
            metadata=dict(resource.get("metadata") or {}),
            content_type=resource.get("contentType") or "application/octet-stream",
            content_encoding=resource.get("contentEncoding"),
            cache_control=resource.get("cacheControl"),
        )


def check_name(name: str) -> None:
    """The rules for object names on Google's page about objects."""
    size = len(name.encode("utf-8", "surrogatepass"))
    if not 1 <= size <= LONGEST_NAME:
        raise Refused(400, "The specified object name is not valid: its length.")
    if any(sign in name for sign in "\r\n") or any("\ud800" <= sign <= "\udfff" for sign in name):
        raise Refused(400, "The specified object name is not valid: its characters.")
    if name in (".", "..") or name.startswith(".well-known/acme-challenge/"):
        raise Refused(400, "The specified object name is not valid.")


def _glob(pattern: str) -> re.Pattern[str]:
    signs = {"*": "[^/]*", "**": ".*", "?": "[^/]"}
    parts = re.split(r"(\*\*|\*|\?)", pattern)
    return re.compile("".join(signs.get(part, re.escape(part)) for part in parts))


def _now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
