"""``naravard measure form``: the desk as a page on this machine, for this person alone.

Belongs here: HTTP, and who may ask. Does not: what is answered (``session``), what the page looks like (``page``, ``templates/``).

Other pages in the same browser must not be able to write files here. So: the address is 127.0.0.1 and nothing else is listened on; ``Host`` must be
that address (DNS rebinding); a question must come from this very page (``Origin``) with a token that only its address holds (CSRF); and the page
itself may load and ask nothing but this server (Content-Security-Policy).
"""

import hmac
import json
import secrets
import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from naravard_pipeline.catalogue import CatalogueError
from naravard_pipeline.connectors.answer import FetchError
from naravard_pipeline.desk.desk import Desk
from naravard_pipeline.desk.page import render_page
from naravard_pipeline.desk.proposal import DeskError
from naravard_pipeline.desk.session import QUESTIONS, Session
from naravard_pipeline.landing.atomic import LandingError

HOST = "127.0.0.1"
LARGEST = 1_000_000  # bytes of a question; a page asks in thousands


class FormServer:
    """The page at ``address``, from entering to leaving the context. ``port`` 0: any that is free."""

    def __init__(self, desk: Desk, port: int = 0):
        self._server = _Server((HOST, port), _Handler)
        self._server.daemon_threads = True
        self._server.session, self._server.desk = Session(desk), desk
        self._server.token = secrets.token_urlsafe(24)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.1,), daemon=True)

    @property
    def address(self) -> str:
        return f"http://{HOST}:{self._server.server_port}/?token={self._server.token}"

    def wait(self) -> None:
        """Until somebody interrupts."""
        with suppress(KeyboardInterrupt):
            self._thread.join()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    session: Session
    desk: Desk
    token: str


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        if not self._is_our_host():
            return self._refuse(421, "Fel adress.")
        if url.path != "/":
            return self._refuse(404, "Finns inte.")
        if not self._is_token(parse_qs(url.query).get("token", [""])[0]):
            return self._refuse(403, "Öppna adressen som `naravard measure form` skrev ut; den gäller så länge kommandot körs.")
        nonce = secrets.token_urlsafe(16)
        try:
            page = render_page(self.server.desk, self.server.token, nonce)
        except CatalogueError as error:
            return self._refuse(500, f"Katalogen har fel som måste rättas först:\n{error.text('sv')}")
        self._send(200, "text/html; charset=utf-8", page.encode(), nonce)

    def do_POST(self) -> None:
        question = urlsplit(self.path).path.removeprefix("/ask/")
        host, port = self.headers.get("Host"), self.server.server_port
        is_same_page = self.headers.get("Sec-Fetch-Site", "same-origin") == "same-origin" and self.headers.get("Origin") == f"http://{host}"
        if not self._is_our_host() or not is_same_page:
            return self._refuse(403, f"Frågan kom inte från sidan på http://{HOST}:{port}.")
        if not self._is_token(self.headers.get("X-Token", "")):
            return self._refuse(403, "Sidan är från en tidigare körning; öppna den nya adressen.")
        length = self.headers.get("Content-Length") or ""
        if question not in QUESTIONS or not length.isdigit() or int(length) > LARGEST:
            return self._refuse(400, "Frågan gick inte att läsa.")
        try:
            asked = json.loads(self.rfile.read(int(length)))
            if not isinstance(asked, dict):
                raise ValueError
        except ValueError:
            return self._refuse(400, "Frågan gick inte att läsa.")
        self._send_json(self._answer(question, asked))

    def _answer(self, question: str, asked: dict[str, Any]) -> dict[str, Any]:
        try:
            return self.server.session.answer(question, asked)
        except DeskError as error:
            return {"error": error.words.sv}
        except FetchError as error:
            return {"error": f"{error.reason_sv}. {error}"}
        except CatalogueError as error:
            return {"error": f"Katalogen har fel som måste rättas först:\n{error.text('sv')}"}
        except (LandingError, ValueError) as error:
            return {"error": str(error)}

    def _is_our_host(self) -> bool:
        return self.headers.get("Host") in (f"{HOST}:{self.server.server_port}", f"localhost:{self.server.server_port}")

    def _is_token(self, given: str) -> bool:
        return hmac.compare_digest(given.encode(), self.server.token.encode())

    def _refuse(self, status: int, text: str) -> None:
        self.close_connection = True  # what was sent along is not read
        self._send(status, "text/plain; charset=utf-8", text.encode())

    def _send_json(self, answer: dict[str, Any]) -> None:
        self._send(200, "application/json", json.dumps(answer, ensure_ascii=False).encode())

    def _send(self, status: int, kind: str, body: bytes, nonce: str = "") -> None:
        own = f"'nonce-{nonce}'" if nonce else "'none'"
        loads = f"default-src 'none'; script-src {own}; style-src {own}; connect-src 'self'; img-src data:"
        policy = f"{loads}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        self.send_response(status)
        for name, value in {
            "Content-Type": kind,
            "Content-Length": str(len(body)),
            "Content-Security-Policy": policy,
            "Cache-Control": "no-store",
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
            "Cross-Origin-Resource-Policy": "same-origin",
        }.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing: the address holds the token."""
