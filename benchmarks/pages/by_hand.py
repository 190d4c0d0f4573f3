"""By nothing but a canvas, the least that a page can cost: `python by_hand.py FILE ASSETS PORT`."""

from __future__ import annotations

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pyarrow.parquet as pq

PAGE = """<!doctype html><title>By hand</title><canvas width=1200 height=600></canvas><script>
fetch("rows?asset-0000").then((answer) => answer.json()).then((rows) => {
  const to = document.querySelector("canvas").getContext("2d");
  ["close", "volume"].forEach((name, at) => {
    const values = rows[name], most = Math.max(...values);
    to.beginPath();
    to.strokeStyle = ["navy", "teal"][at];
    values.forEach((value, day) => to.lineTo(1200 * day / values.length, 600 - 600 * value / most));
    to.stroke();
  });
});
</script>"""


class Answers(BaseHTTPRequestHandler):
    """The page, and the rows of the asset that it asks for."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        path, _, asset = self.path.partition("?")
        self.wfile.write((rows(asset) if path == "/rows" else PAGE).encode())


def rows(asset: str) -> str:
    columns = ["close", "volume"]
    found = pq.read_table(sys.argv[1], columns=columns, filters=[("canonical_id", "==", asset)])
    return json.dumps(found.to_pydict())


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[3])), Answers).serve_forever()
