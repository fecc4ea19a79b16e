"""What can go wrong between us and a source, and what the client makes of it."""

import gzip
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest

from naravard_pipeline.connectors.http import LONGEST_WAIT, Client, SourceError, _retry_after

GOOD = b'{"values": []}'
URL = "https://source.example/data"


class Time:
    """A clock that only sleeping moves, shared by threads."""

    def __init__(self) -> None:
        self.now, self.slept = 0.0, []
        self._lock = threading.Lock()

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self.slept.append(seconds)
            self.now += seconds


def scripted(*answers: httpx.Response | Exception | Callable[[], httpx.Response]) -> tuple[httpx.MockTransport, list[httpx.Request]]:
    """A transport that gives ``answers`` in turn, the last one for ever."""
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        given = answers[min(len(seen), len(answers)) - 1]
        if isinstance(given, Exception):
            raise given
        return given() if callable(given) else given

    return httpx.MockTransport(answer), seen


def client(transport: httpx.BaseTransport, time: Time, **settings) -> Client:
    return Client("kolada", transport=transport, clock=time, sleep=time.sleep, **{"requests_per_second": 1e9, **settings})


def good() -> httpx.Response:
    return httpx.Response(200, content=GOOD)


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(lambda: httpx.Response(429, text="slow down"), id="429"),
        pytest.param(lambda: httpx.Response(408), id="408"),
        pytest.param(lambda: httpx.Response(500), id="500"),
        pytest.param(lambda: httpx.Response(503), id="503"),
        pytest.param(lambda: httpx.Response(200, text="<html><body>Underhåll</body></html>"), id="html"),
        pytest.param(lambda: httpx.Response(200, content=GOOD[:7]), id="half a document"),
        pytest.param(lambda: httpx.Response(200, content=b""), id="nothing"),
        pytest.param(lambda: httpx.Response(200, content=b'{"value": NaN}'), id="NaN"),
        pytest.param(
            lambda: httpx.Response(200, headers={"Content-Encoding": "gzip"}, stream=httpx.ByteStream(gzip.compress(GOOD)[:9] + b"??")),
            id="packed wrongly",
        ),
        pytest.param(httpx.ReadTimeout("read"), id="timeout"),
        pytest.param(httpx.RemoteProtocolError("peer closed connection"), id="cut"),
        pytest.param(httpx.ReadError("reset"), id="dropped"),
    ],
)
def test_asks_again_after_a_passing_fault(fault):
    time = Time()
    transport, seen = scripted(fault, fault, good)
    page, document = client(transport, time).get_json(URL)
    assert (document, page.body, page.status, page.url) == ({"values": []}, GOOD, 200, URL)
    assert len(seen) == 3
    assert page.fetched_at.utcoffset() == timedelta(0)


@pytest.mark.parametrize("status", [301, 400, 403, 404, 410, 422])
def test_asks_once_where_asking_again_is_of_no_use(status):
    time = Time()
    transport, seen = scripted(httpx.Response(status, json={"detail": "Gone"}))
    with pytest.raises(SourceError) as caught:
        client(transport, time).get_json(URL)
    assert (len(seen), time.slept, caught.value.transient, caught.value.status) == (1, [], False, status)


def test_gives_up_after_the_last_attempt_with_a_sentence_that_names_everything():
    time = Time()
    transport, seen = scripted(lambda: httpx.Response(503, text="upstream\n\x00error " + "x" * 500))
    with pytest.raises(SourceError) as caught:
        client(transport, time, attempts=8).get_json(URL, params={"page": 2})
    error = caught.value
    assert len(seen) == 8
    assert str(error).startswith("kolada: GET https://source.example/data?page=2 gave status 503 «upstream error xxx")
    assert str(error).endswith("…» (8 attempts); expected JSON with status 200")
    assert len(str(error)) < 300
    assert (error.transient, error.attempts, error.reason_sv) == (True, 8, "Källan svarade med fel (503)")


def test_waits_longer_each_time():
    time = Time()
    transport, _ = scripted(lambda: httpx.Response(500))
    with pytest.raises(SourceError):
        client(transport, time, attempts=8).get_json(URL)
    for i, slept in enumerate(time.slept):
        assert 0.5 * 2**i <= slept <= 0.5 * 2**i + 0.5


def test_waits_as_long_as_the_source_asks():
    time = Time()
    transport, _ = scripted(httpx.Response(429, headers={"Retry-After": "7"}), good)
    client(transport, time).get_json(URL)
    assert 7 <= time.now < 7.6


def test_a_source_that_asks_for_patience_gets_it_from_every_thread():
    time = Time()
    transport, _ = scripted(httpx.Response(429, headers={"Retry-After": "30"}), good)
    one = client(transport, time, attempts=1)
    with pytest.raises(SourceError):
        one.get_json(URL)
    one.get_json(URL)
    assert time.now >= 30


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("0", 0), ("3", 3), ("2.5", 2.5), ("-4", 0), ("86400", LONGEST_WAIT), ("soon", None), ("", None), (None, None), ("nan", None)],
)
def test_reads_retry_after_in_seconds(header, seconds):
    assert _retry_after(header) == seconds


def test_reads_retry_after_as_a_date():
    assert 8 < _retry_after(format_datetime(datetime.now(UTC) + timedelta(seconds=10), usegmt=True)) <= 10
    assert _retry_after("Wed, 21 Oct 2015 07:28:00 GMT") == 0
    assert _retry_after("Wed, 21 Oct 2015 07:28:00 -0000") == 0  # without a zone: naive in Python


def test_without_network_all_requests_together_fail_in_seconds():
    time = Time()
    transport, seen = scripted(httpx.ConnectError("[Errno -2] Name or service not known"))
    one = client(transport, time, attempts=8)
    for _ in range(30):
        with pytest.raises(SourceError) as caught:
            one.get_json(URL)
        assert caught.value.transient
        assert caught.value.reason_sv == "Källan kunde inte nås"
    assert len(seen) == 3
    assert time.now < 5
    assert "the host is not asked again in this run" in str(caught.value)


def test_a_host_that_has_answered_gets_all_attempts_when_it_is_gone_for_a_while():
    time = Time()
    refused = httpx.ConnectError("refused")
    transport, seen = scripted(good, refused, refused, refused, refused, good)
    one = client(transport, time)
    one.get_json(URL)
    one.get_json(URL)
    assert len(seen) == 6


def test_a_host_that_accepts_and_never_answers_is_asked_by_nobody_else():
    time = Time()

    def slow() -> httpx.Response:
        time.now += 60
        raise httpx.ReadTimeout("read")

    transport, seen = scripted(slow)
    one = client(transport, time)
    for _ in range(5):
        with pytest.raises(SourceError, match="no answer in time"):
            one.get_json(URL)
    assert len(seen) <= 3


@pytest.mark.parametrize("url", ["api.kolada.se/v3", "https://source.example:port/", "https://source.example/\x00"])
def test_an_address_that_is_none_is_said_so_at_once(url):
    time = Time()
    with Client("kolada", clock=time, sleep=time.sleep) as one, pytest.raises(SourceError) as caught:
        one.get_json(url)
    assert "address" in str(caught.value)
    assert (time.slept, caught.value.transient) == ([], False)


def test_spaces_requests_evenly():
    time = Time()
    transport, _ = scripted(good)
    one = client(transport, time, requests_per_second=5)
    for _ in range(11):
        one.get_json(URL)
    assert time.now == pytest.approx(2.0)


def test_threads_share_one_pace():
    moments, lock = [], threading.Lock()

    def answer(request: httpx.Request) -> httpx.Response:
        with lock:
            moments.append(datetime.now().timestamp())
        return good()

    one = Client("kolada", transport=httpx.MockTransport(answer), requests_per_second=100)
    threads = [threading.Thread(target=lambda: [one.get_json(URL) for _ in range(3)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert max(moments) - min(moments) >= 0.1  # twelve starts, eleven gaps of 10 ms, less one for the jitter of the clock


def test_stops_reading_a_body_without_end():
    time = Time()
    transport, seen = scripted(lambda: httpx.Response(200, content=b"1" * 2000))
    with pytest.raises(SourceError, match="more than 1,000 bytes"):
        client(transport, time, max_body_bytes=1000).get_json(URL)
    assert len(seen) == 1


def test_posts_the_same_body_again():
    time = Time()
    transport, seen = scripted(httpx.Response(500), good)
    client(transport, time).fetch_json("POST", URL, json={"query": [1]})
    assert [request.content for request in seen] == [b'{"query":[1]}'] * 2


@contextmanager
def socket_server(*answers: bytes) -> Iterator[str]:
    """Gives raw bytes, one connection each, in turn; the last one for ever."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            for i in range(50):
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    connection.recv(65536)
                    connection.sendall(answers[min(i, len(answers) - 1)])

        threading.Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
        listener.close()


def raw(body: bytes, length: int | None = None, head: str = "200 OK") -> bytes:
    return f"HTTP/1.1 {head}\r\nContent-Length: {len(body) if length is None else length}\r\nConnection: close\r\n\r\n".encode() + body


@pytest.mark.parametrize(
    "fault", [pytest.param(b"", id="dropped"), pytest.param(raw(GOOD[:5], len(GOOD)), id="cut"), pytest.param(b"junk", id="junk")]
)
def test_asks_again_after_a_fault_on_the_wire(fault):
    time = Time()
    with socket_server(fault, raw(GOOD)) as url, Client("kolada", clock=time, sleep=time.sleep) as one:
        assert one.get_json(url)[1] == {"values": []}


def test_this_machines_servers_are_not_asked_through_a_proxy(monkeypatch):
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with socket_server(raw(GOOD)) as url, Client("kolada", attempts=1) as one:
        assert one.get_json(url)[1] == {"values": []}
