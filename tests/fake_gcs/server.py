"""The server as tests see it: what lies in it, what was asked of it, and what is to go wrong."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from email import message_from_bytes
from typing import Any

from attrs import field, frozen

from .answers import Answer, bucket_resource, compose, copy, listing, media, refusal, shown
from .faults import Fault
from .http_side import Handler, Server
from .objects import Conditions, Object, Refused, Storage
from .routing import Request, parse
from .uploads import Uploads


@frozen(eq=False)
class FakeGcs:
    """A server on 127.0.0.1 while it is used as a context manager.

    `latency` is added to every request, in seconds; `write_gate` is the shortest time between two
    writes of one object (Cloud Storage: one second), 0 for none.
    """

    latency: float = 0.0
    write_gate: float = 0.0
    port: int = 0
    requests: list[Request] = field(factory=list, init=False)
    storage: Storage = field(init=False)
    faults: list[Fault] = field(factory=list, init=False)
    uploads: Uploads = field(init=False)
    _server: Server = field(init=False, repr=False)

    @storage.default
    def _make_storage(self) -> Storage:
        return Storage(self.write_gate)

    @_server.default
    def _make_server(self) -> Server:
        return Server(("127.0.0.1", self.port), type("BoundHandler", (Handler,), {"gcs": self}))

    @uploads.default
    def _make_uploads(self) -> Uploads:
        return Uploads(self.storage, "")

    @property
    def url(self) -> str:
        """What STORAGE_EMULATOR_HOST is to be."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> FakeGcs:
        self.uploads.origin = self.url
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def create_bucket(self, name: str) -> None:
        self.storage.create_bucket(name)

    def objects(self, bucket: str) -> dict[str, Object]:
        """All objects of a bucket as they are now, by name."""
        with self.storage.lock:
            return dict(self.storage.bucket(bucket))

    def peek(self, bucket: str, name: str) -> bytes | None:
        found = self.objects(bucket).get(name)
        return found.data if found else None

    def poke(
        self, bucket: str, name: str, data: bytes, metadata: Mapping[str, str] | None = None
    ) -> Object:
        """Write as a rival would, behind everybody's back."""
        resource = {"metadata": metadata or {}}
        return self.storage.write(bucket, name, data, Conditions(), resource)

    def remove(self, bucket: str, name: str) -> None:
        self.storage.delete(bucket, name, Conditions(), None)

    def fault(self, action: str | Callable[[Request], None], **how: Any) -> Fault:
        """Strike requests from now on; see Fault."""
        fault = Fault(action, **how)
        self.faults.append(fault)
        return fault

    def clear(self) -> None:
        """Forget the log and the faults."""
        self.requests.clear()
        self.faults.clear()

    def operations(self) -> list[str]:
        """The operations so far, in order."""
        return [request.operation for request in self.requests]

    def answer(self, request: Request) -> Answer:
        try:
            return self._apply(request)
        except Refused as refused:
            return refusal(refused)

    def _apply(self, request: Request) -> Answer:  # noqa: C901  # a table of operations
        bucket, name, query = request.bucket, request.name, request.query
        conditions = Conditions.of(query)
        body = request.body
        match request.operation:
            case "bucket" if request.method == "POST":
                self.storage.create_bucket(str(json.loads(body)["name"]))
                return shown(bucket_resource(str(json.loads(body)["name"])))
            case "bucket":
                self.storage.bucket(bucket)
                return shown(bucket_resource(bucket))
            case "list":
                return listing(self.storage, bucket, query)
            case "insert":
                return self.uploads.once(bucket, query, request.headers, body)
            case "resume" if "upload_id" in query:
                return self.uploads.go_on(bucket, query, request.headers, body)
            case "resume":
                return self.uploads.begin(bucket, query, request.headers, body)
            case "media":
                return media(self.storage, bucket, name, query, request.headers)
            case "get":
                found = self.storage.find(bucket, name, query.get("generation"))
                conditions.check(found)
                return shown(found.resource(bucket))
            case "delete":
                self.storage.delete(bucket, name, conditions, query.get("generation"))
                return Answer(204)
            case "patch":
                changed = self.storage.patch(bucket, name, conditions, json.loads(body))
                return shown(changed.resource(bucket))
            case "compose":
                made = compose(self.storage, bucket, name, query, json.loads(body))
                return shown(made.resource(bucket))
            case "copy" | "rewrite":
                made = copy(self.storage, (bucket, name), request.to, query)
                resource = made.resource(request.to[0])
                if request.operation == "copy":
                    return shown(resource)
                size = str(len(made.data))
                sizes = {"totalBytesRewritten": size, "objectSize": size}
                return shown(
                    {"kind": "storage#rewriteResponse", "done": True, **sizes, "resource": resource}
                )
            case "batch":
                return self._batch(request)
        raise Refused(404, f"No such method: {request.method} {request.path}")

    def _batch(self, request: Request) -> Answer:
        """Each part is a request of its own; one that fails is one answer among others."""
        whole = b"Content-Type: " + request.headers["Content-Type"].encode() + b"\r\n\r\n"
        boundary, out = "batch_answer", b""
        for part in message_from_bytes(whole + request.body).get_payload():
            lines, _, rest = part.get_payload(decode=True).partition(b"\n")
            method, target, _ = lines.decode().split()
            inner = b"\n".join(rest.splitlines()).partition(b"\n\n")[2]
            answer = self.answer(parse(method, target, request.headers, inner))
            head = (
                f"--{boundary}\r\nContent-Type: application/http\r\n\r\nHTTP/1.1 {answer.status} X"
            )
            kind = "\r\nContent-Type: application/json\r\n\r\n"
            out += (head + kind).encode() + answer.body + b"\r\n"
        told = {"Content-Type": f"multipart/mixed; boundary={boundary}"}
        return Answer(200, out + f"--{boundary}--".encode(), told)
