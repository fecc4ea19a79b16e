"""Requests: the only place that knows about retry and pace.

Belongs here: what can go wrong between us and any source, and when to ask again. Does not: what an answer means (one file per protocol).
"""

import math
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Self

import httpx
import orjson
import tenacity

from naravard_pipeline.connectors.answer import FetchError, Page, shortened

USER_AGENT = "naravard-pipeline"
ATTEMPTS_WITHOUT_CONNECTION = 3  # of a host that has not answered once: there is no network, or the address is wrong
PATIENCE_WITHOUT_CONNECTION = 5.0  # seconds, for name servers that take their time to say no
LONGEST_WAIT = 60.0  # seconds between two attempts, also where Retry-After asks for more
LOCAL_HOSTS = ("localhost", "127.0.0.1", "[::1]")


class SourceError(FetchError):
    """The source could not be reached, refused, or sent something else than JSON, after the last attempt.

    ``transient`` says whether a later run may fare better; ``status`` is the HTTP status, if one came.
    """

    def __init__(
        self, source_id: str, url: str, expected: str, got: str, attempts: int, *, method: str = "GET", transient: bool, status: int | None = None
    ):
        tries = "1 attempt" if attempts == 1 else f"{attempts} attempts"
        super().__init__(f"{source_id}: {method} {url} gave {got} ({tries}); expected {expected}", transient=transient)
        self.source_id, self.url, self.expected, self.got, self.attempts, self.status = source_id, url, expected, got, attempts, status
        if status is None:
            self.reason_sv = "Källan kunde inte nås"
        elif status != 200:
            self.reason_sv = f"Källan svarade med fel ({status})"


class Client:
    """One source's HTTP client: thread-safe, one pace and one memory of dead hosts for all its threads. Make one per run; close it.

    ``attempts`` counts the first one too. ``requests_per_second`` spaces the starts of requests evenly. ``clock`` and ``sleep`` are for tests.
    """

    def __init__(
        self,
        source_id: str,
        *,
        attempts: int = 8,
        requests_per_second: float = 5.0,
        timeout_seconds: float = 60.0,
        max_body_bytes: int = 64 * 1024 * 1024,
        transport: httpx.BaseTransport | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ):
        self.source_id = source_id
        self._attempts = attempts
        self._max_body_bytes = max_body_bytes
        self._sleep = sleep
        self._pace = _Pace(requests_per_second, clock, sleep)
        self._reached: set[str] = set()
        self._dead: dict[str, str] = {}  # host → why no connection came about
        self._http = httpx.Client(
            transport=transport,
            headers={"User-Agent": USER_AGENT, "Accept": "application/json"},
            timeout=httpx.Timeout(timeout_seconds, connect=min(timeout_seconds, 5.0)),
            # Proxies come from the environment, but none knows the way to this machine's own servers.
            mounts=None if transport else {f"all://{host}": None for host in LOCAL_HOSTS},
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._http.close()

    def get_json(self, url: str, params: Mapping[str, Any] | None = None) -> tuple[Page, Any]:
        return self.fetch_json("GET", url, params=params)

    def fetch_json(self, method: str, url: str, *, params: Mapping[str, Any] | None = None, json: Any = None) -> tuple[Page, Any]:
        """The page and the document in it. Asks again after 408, 425, 429, 5xx, timeouts, dropped connections, cut bodies and what is no JSON.

        Raises ``SourceError`` after the last attempt, and at once for any other status.
        """
        try:
            request = self._http.build_request(method, url, params=params, json=json)
        except httpx.InvalidURL as error:
            raise SourceError(self.source_id, url, "an address", str(error), 0, method=method, transient=False) from error
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception(lambda error: isinstance(error, _Attempt) and error.transient),
            stop=self._is_last,
            wait=_wait,
            sleep=self._sleep,
            reraise=True,
        )
        try:
            return retrying(self._attempt, request)
        except _Attempt as error:
            if error.unreachable:
                self._dead[request.url.host] = error.got
            raise SourceError(
                self.source_id,
                str(request.url),
                "JSON with status 200",
                error.got,
                retrying.statistics.get("attempt_number", 1),
                method=method,
                transient=error.transient,
                status=error.status,
            ) from error

    def _attempt(self, request: httpx.Request) -> tuple[Page, Any]:
        host = request.url.host
        if host in self._dead:
            raise _Attempt(f"{self._dead[host]}, so the host is not asked again in this run", unreachable=True, is_final=True)
        self._pace.wait()
        try:
            response = self._http.send(request, stream=True)
            try:
                self._reached.add(host)
                body = self._read(response)
            finally:
                response.close()
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError) as error:
            raise _Attempt(f"no connection ({shortened(str(error)) or type(error).__name__})", unreachable=True) from error
        except httpx.TimeoutException as error:
            raise _Attempt(f"no answer in time ({type(error).__name__})", unreachable=host not in self._reached) from error
        except httpx.UnsupportedProtocol as error:
            raise _Attempt(f"no address ({error})", transient=False) from error
        except (httpx.TransportError, httpx.DecodingError) as error:  # dropped, cut, or packed wrongly
            raise _Attempt(f"a broken answer ({shortened(str(error)) or type(error).__name__})") from error
        page = Page(str(request.url), request.method, datetime.now(UTC), response.status_code, body)
        return page, self._read_document(response, page)

    def _read(self, response: httpx.Response) -> bytes:
        chunks, size = [], 0
        for chunk in response.iter_bytes():
            size += len(chunk)
            if size > self._max_body_bytes:
                raise _Attempt(f"more than {self._max_body_bytes:,} bytes", transient=False, status=response.status_code)
            chunks.append(chunk)
        return b"".join(chunks)

    def _read_document(self, response: httpx.Response, page: Page) -> Any:
        status, text = page.status, shortened(page.body)
        if status == 429 or status in (408, 425) or status >= 500:
            wait = _retry_after(response.headers.get("Retry-After"))
            if status == 429 and wait:
                self._pace.hold(wait)  # the other threads ask the same source
            raise _Attempt(f"status {status} {text}", status=status, retry_after=wait)
        if response.is_redirect:
            raise _Attempt(f"status {status}, moved to {response.headers.get('Location')}", transient=False, status=status)
        if status != 200:
            raise _Attempt(f"status {status} {text}", transient=False, status=status)
        try:
            return orjson.loads(page.body)
        except orjson.JSONDecodeError as error:
            what = "an HTML page" if page.body.lstrip()[:1] == b"<" else "no JSON"
            raise _Attempt(f"{what} with status 200: {text}", status=status) from error

    def _is_last(self, state: tenacity.RetryCallState) -> bool:
        error = state.outcome.exception()
        if error.is_final or state.attempt_number >= self._attempts:
            return True
        if not error.unreachable or state.args[0].url.host in self._reached:
            return False
        return state.attempt_number >= ATTEMPTS_WITHOUT_CONNECTION or state.seconds_since_start > PATIENCE_WITHOUT_CONNECTION


class _Attempt(Exception):
    """Why one attempt came to nothing."""

    def __init__(
        self,
        got: str,
        *,
        transient: bool = True,
        unreachable: bool = False,
        is_final: bool = False,
        status: int | None = None,
        retry_after: float | None = None,
    ):
        super().__init__(got)
        self.got, self.transient, self.unreachable, self.is_final = got, transient, unreachable, is_final
        self.status, self.retry_after = status, retry_after


class _Pace:
    """Evenly spaced turns, handed out to threads in the order they ask."""

    def __init__(self, per_second: float, clock: Callable[[], float], sleep: Callable[[float], None]):
        self._interval, self._clock, self._sleep = 1 / per_second, clock, sleep
        self._next = -math.inf
        self._lock = threading.Lock()

    def wait(self) -> None:
        with self._lock:
            now = self._clock()
            turn = max(now, self._next)
            self._next = turn + self._interval
        if turn > now:
            self._sleep(turn - now)

    def hold(self, seconds: float) -> None:
        """No turn before ``seconds`` from now."""
        with self._lock:
            self._next = max(self._next, self._clock() + seconds)


_jitter = tenacity.wait_random(0, 0.5)
_backoff = tenacity.wait_exponential(multiplier=0.5, max=LONGEST_WAIT) + _jitter  # 0.5, 1, 2, 4 … seconds, each plus up to 0.5


def _wait(state: tenacity.RetryCallState) -> float:
    asked = state.outcome.exception().retry_after
    return _backoff(state) if asked is None else asked + _jitter(state)


def _retry_after(header: str | None) -> float | None:
    """Seconds to wait by a ``Retry-After`` in either of its forms, at most ``LONGEST_WAIT``; None if absent or unreadable."""
    if not header:
        return None
    try:
        seconds = float(header)
    except ValueError:
        try:
            moment = parsedate_to_datetime(header)
        except ValueError:
            return None
        seconds = (moment.replace(tzinfo=moment.tzinfo or UTC) - datetime.now(UTC)).total_seconds()
    return None if math.isnan(seconds) else min(max(seconds, 0.0), LONGEST_WAIT)
