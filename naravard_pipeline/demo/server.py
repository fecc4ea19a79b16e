"""Every source's wire format with made-up figures, on this machine: ``python -m naravard_pipeline.demo.server``.

Belongs here: HTTP, and which source answers under which address. Does not: what a source answers (a module for each), anything that the
pipeline imports. The figures depend on nothing but their key, so they are the same on every machine; every title says that they are made up.
"""

import gzip
import json
import threading
from collections.abc import Mapping
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self
from urllib.parse import parse_qs, unquote, urlsplit

import orjson

from naravard_pipeline.catalogue import Catalogue, CatalogueError, read_catalogue
from naravard_pipeline.demo.wire import MADE_UP, DemoSource, Refused
from naravard_pipeline.settings import SOURCES

__all__ = ["MADE_UP", "DemoServer", "Refused"]

PATHS = {
    "kolada": "kolada/v3",
    "scb": "scb/api/v2",
    "folkhalsodata": "folkhalsodata/api/v1/sv",
    "socialstyrelsen": "socialstyrelsen/api/v1/sv",
    "vardenisiffror": "vardenisiffror/webapi",
}


def _build_sources(catalogue: Catalogue, last_year: int) -> dict[str, DemoSource]:
    from naravard_pipeline.demo.kolada import DemoKolada
    from naravard_pipeline.demo.pxweb import DemoPxWeb1, DemoPxWeb2
    from naravard_pipeline.demo.socialstyrelsen import DemoSocialstyrelsen
    from naravard_pipeline.demo.vardenisiffror import DemoVardenISiffror

    kinds = {
        "kolada": DemoKolada,
        "scb": DemoPxWeb2,
        "folkhalsodata": DemoPxWeb1,
        "socialstyrelsen": DemoSocialstyrelsen,
        "vardenisiffror": DemoVardenISiffror,
    }
    areas = list(catalogue.areas.values())
    return {source_id: kind(catalogue.live_of(source_id), areas, last_year) for source_id, kind in kinds.items()}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body in one write: on loopback, two wait for each other's acknowledgement
    server: "_Server"

    def do_GET(self) -> None:
        self._respond(None)

    def do_POST(self) -> None:
        self._respond(self.rfile.read(int(self.headers.get("Content-Length") or 0)))

    def _respond(self, body: bytes | None) -> None:
        url = urlsplit(self.path)
        parts = [unquote(part) for part in url.path.split("/") if part]
        query = parse_qs(url.query, keep_blank_values=True)
        try:
            source_id = parts[0] if parts else ""
            path = PATHS.get(source_id, "").split("/")
            if source_id not in self.server.sources or parts[: len(path)] != path:
                raise Refused(404, "Not Found")
            base = f"http://{self.headers['Host']}/{PATHS[source_id]}"
            self._send(200, self.server.sources[source_id].answer(self.command, parts[len(path) :], query, body, base))
        except Refused as refused:
            self._send(refused.status, refused.detail if isinstance(refused.detail, dict) else {"detail": refused.detail})

    def _send(self, status: int, document: object) -> None:
        body = orjson.dumps(document)
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        if "gzip" in self.headers.get("Accept-Encoding", ""):
            body = gzip.compress(body, 1)
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Silent: the pipeline's own progress is what matters."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    sources: Mapping[str, DemoSource]


class DemoServer:
    """A context manager: serves while entered, on a free port of this machine. ``urls`` has the base URL of each source it stands for.

    ``last_year`` is the newest year with figures; the last finished one by default.
    """

    def __init__(self, catalogue: Catalogue, port: int = 0, last_year: int | None = None):
        self._server = _Server(("127.0.0.1", port), _Handler)
        self._server.sources = _build_sources(catalogue, last_year or date.today().year - 1)

    @property
    def urls(self) -> dict[str, str]:
        return {source_id: f"http://127.0.0.1:{self._server.server_address[1]}/{path}" for source_id, path in PATHS.items()}

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True, name="demo").start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def serve_forever(self) -> None:
        self._server.serve_forever()


def main() -> None:
    try:
        demo = DemoServer(read_catalogue(SOURCES))
    except CatalogueError as error:
        raise SystemExit(str(error)) from None
    print(json.dumps(demo.urls), flush=True)
    try:
        demo.serve_forever()
    except KeyboardInterrupt:
        print("Stopped.")


if __name__ == "__main__":
    main()
