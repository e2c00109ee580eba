"""Proxies, and whom the transport trusts."""

import os
import ssl
import subprocess
import sys
import textwrap

import pytest

from cosbox.client.bodies import BytesBody
from cosbox.client.transports.base import HttpRequest, Timeouts
from cosbox.client.transports.curl import CurlTransport
from cosbox.protocol.errors import TransportError
from support.rawserver import RawServer, answers

LIMITS = Timeouts(connect=5, stall=10)


def send(request, **options):
    transport = CurlTransport(**options)
    try:
        return transport.send(request, LIMITS)
    finally:
        transport.close()


def test_a_proxy_is_asked_in_absolute_form():
    with RawServer() as proxy:
        request = HttpRequest("PUT", "http", "b-125.cos.test", "/a/../b?x", body=BytesBody(b"1"))
        answer = send(request, proxies={"http": f"http://{proxy.host}"})

    lines = proxy.heads[0].split(b"\r\n")
    assert answer.body == b"1"
    assert lines[0] == b"PUT http://b-125.cos.test/a/../b?x HTTP/1.1"
    assert lines[1] == b"Host: b-125.cos.test"


def test_the_environment_names_a_proxy(monkeypatch):
    with RawServer() as proxy, RawServer() as server:
        monkeypatch.setenv("http_proxy", f"http://{proxy.host}")
        monkeypatch.delenv("no_proxy", raising=False)
        request = HttpRequest("GET", "http", server.host, "/")

        send(request)
        assert (len(proxy.heads), len(server.heads)) == (1, 0)

        send(request, proxies={})
        assert (len(proxy.heads), len(server.heads)) == (1, 1)

        monkeypatch.setenv("no_proxy", "127.0.0.1")
        send(request)
        assert (len(proxy.heads), len(server.heads)) == (1, 2)


def openssl(folder, *arguments):
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    """A CA of our own, and a certificate for localhost by it."""
    folder = tmp_path_factory.mktemp("tls")
    openssl(folder, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key",
            "-out", "ca.pem", "-days", "2", "-subj", "/CN=cosbox test CA")  # fmt: skip
    openssl(folder, "req", "-newkey", "rsa:2048", "-nodes", "-keyout", "server.key",
            "-out", "server.csr", "-subj", "/CN=localhost")  # fmt: skip
    (folder / "names").write_text("subjectAltName=DNS:localhost,DNS:b-125.cos.test\n")
    openssl(folder, "x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key",
            "-CAcreateserial", "-out", "server.pem", "-days", "2", "-extfile", "names")  # fmt: skip
    return folder


@pytest.fixture
def secure(authority):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority / "server.pem", authority / "server.key")
    with RawServer(answers, context=context) as server:
        yield server


@pytest.mark.parametrize("stream", [False, True])
def test_an_authority_that_is_named(secure, authority, stream):
    # The certificate is judged by the host that is asked for, wherever it is connected to.
    for host in (f"localhost:{secure.port}", "b-125.cos.test"):
        request = HttpRequest("PUT", "https", host, "/", connect=secure.host, stream=stream,
                              body=BytesBody(b"data"))  # fmt: skip
        transport = CurlTransport(verify=str(authority / "ca.pem"), proxies={})
        answer = transport.send(request, LIMITS)
        assert (answer.stream.read() if stream else answer.body) == b"data"
        transport.close()


def test_an_authority_that_nobody_knows(secure):
    request = HttpRequest("GET", "https", f"localhost:{secure.port}", "/", connect=secure.host)

    with pytest.raises(TransportError, match="VerifySSL") as caught:
        send(request, proxies={})
    assert caught.value.unsent

    assert send(request, verify=False, proxies={}).status == 200


def test_a_certificate_for_another_host(secure, authority):
    request = HttpRequest("GET", "https", f"other.test:{secure.port}", "/", connect=secure.host)

    with pytest.raises(TransportError):
        send(request, verify=str(authority / "ca.pem"), proxies={})


def test_a_certificate_of_the_client(authority):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority / "server.pem", authority / "server.key")
    context.load_verify_locations(authority / "ca.pem")
    context.verify_mode = ssl.CERT_REQUIRED
    ours = (str(authority / "server.pem"), str(authority / "server.key"))
    with RawServer(answers, context=context) as server:
        request = HttpRequest("GET", "https", f"localhost:{server.port}", "/", connect=server.host)
        authorities = str(authority / "ca.pem")
        with pytest.raises(TransportError):
            send(request, verify=authorities, proxies={})
        assert send(request, verify=authorities, certificate=ours, proxies={}).status == 200


SLOW_READER = """
    import resource, sys, time
    from cosbox.client.transports.base import HttpRequest, Timeouts
    from cosbox.client.transports.curl import CurlTransport

    transport = CurlTransport(proxies={})
    request = HttpRequest("GET", "http", sys.argv[1], "/", stream=True)
    stream = transport.send(request, Timeouts()).stream
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    size = len(stream.read(1000))
    time.sleep(0.5)
    while piece := stream.read(100_000):
        size += len(piece)
    print(size, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


def test_a_slow_reader_costs_no_memory():
    size = 300_000_000
    piece = bytes(1_000_000)

    def script(conn):
        conn.head()
        conn.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
        for _ in range(size // len(piece)):
            conn.send(piece)

    with RawServer(script) as server:
        code = textwrap.dedent(SLOW_READER)
        done = subprocess.run(
            [sys.executable, "-c", code, server.host],
            capture_output=True, text=True, check=False, env={**os.environ, "no_proxy": "*"},
        )  # fmt: skip
    assert done.stderr == ""
    received, grown = map(int, done.stdout.split())
    assert received == size
    assert grown < 16


@pytest.mark.parametrize("used", [False, True])
def test_the_end_of_a_child_leaves_the_sessions_of_its_parent(secure, authority, used):
    """It ends as a program does, so everything it has is freed."""
    code = textwrap.dedent("""
        import os, sys
        from cosbox.client.transports.base import HttpRequest, Timeouts
        from cosbox.client.transports.curl import CurlTransport

        host, trusted, used = sys.argv[1], sys.argv[2], sys.argv[3] == "True"
        transport = CurlTransport(verify=trusted, proxies={})

        def ask():
            request = HttpRequest("GET", "https", host, "/")
            assert transport.send(request, Timeouts()).status == 200

        ask()
        pid = os.fork()
        if not pid:
            if used:
                ask()
            sys.exit(0)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
        ask()
        transport.close()
    """)
    arguments = [f"localhost:{secure.port}", str(authority / "ca.pem"), str(used)]
    subprocess.run([sys.executable, "-c", code, *arguments], check=True, timeout=30)

    assert secure.accepted == 1 + used
