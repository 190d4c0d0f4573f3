"""Where calls go and where they do not: origins, redirects, proxies, netrc, certificates."""

from __future__ import annotations

import http.server
import shutil
import socket
import ssl
import subprocess
import threading

import pytest

from datalake.client import HttpClient, Retry
from datalake.errors import ConfigError, Refused, Rejected, Unavailable
from datalake.models import Key, Plan, Provider, Rate
from datalake.secrets import Secret

BEARER = Key("VENDOR_API_KEY", "header", "Authorization", "Bearer ")
ONCE = Retry(attempts=1)


@pytest.fixture
def other(vendor):
    """A second server, which no call is meant for."""
    elsewhere = type(vendor)()
    yield elsewhere
    elsewhere.close()


def bearer() -> Secret:
    return Secret("c4nary-key", "VENDOR_API_KEY")


@pytest.mark.parametrize(
    ("key", "path", "header"),
    [
        (Key("V", "header", "x-cg-pro-api-key"), "/v1/coins/x?page=1", "x-cg-pro-api-key: k+/1"),
        (BEARER, "/v1/coins/x?page=1", "Authorization: Bearer k+/1"),
        (Key("V", "path"), "/k%2B%2F1/v1/coins/x?page=1", None),
        (Key("V", "query", "api_key"), "/v1/coins/x?page=1&api_key=k%2B%2F1", None),
    ],
)
def test_the_key_travels_as_declared(vendor, make_client, key, path, header):
    """In a header with its prefix, in the URL's path, or in its query; in that one place."""
    make_client(key, Secret("k+/1", "V")).get("/coins/x", {"page": 1})
    seen = vendor.seen[0]
    assert seen.path == "/stand-in" + path
    sent = [f"{name}: {value}" for name, value in seen.headers.items()]
    assert [line for line in sent if "k+/1" in line] == ([header] if header else [])


def test_a_call_says_who_asks(vendor, client):
    """A vendor that looks at the log knows the program; one refuses callers without a name."""
    client.get("/x")
    assert vendor.seen[0].headers["User-Agent"].startswith("crypto-datalake/")
    assert {"Cookie", "Cache-Control", "X-Actual-No-Cache"}.isdisjoint(vendor.seen[0].headers)


@pytest.mark.parametrize(
    ("path", "params", "sent"),
    [
        ("/chain/Polygon zkEVM", {}, "/chain/Polygon%20zkEVM"),
        ("/p/50%?#é", {}, "/p/50%25%3F%23%C3%A9"),
        ("/p/{key}", {}, "/p/%7Bkey%7D"),
        ("x", {"flag": True, "none": None, "ids": "a,b"}, "/x?flag=true&ids=a%2Cb"),
    ],
)
def test_odd_characters_are_encoded(vendor, make_client, path, params, sent):
    """Names go in as the vendor writes them; the key's place is not to be had by a name."""
    make_client(Key("V", "path"), Secret("k3y", "V")).get(path, params)
    assert vendor.seen[0].path == "/stand-in/k3y/v1" + sent


@pytest.mark.parametrize("path", ["/../admin", "/x/./y", ".."])
def test_a_name_cannot_climb_out_of_the_api(vendor, client, path):
    """An id with dots for steps is refused before anything is sent."""
    with pytest.raises(Rejected, match="was not sent"):
        client.get(path)
    assert vendor.seen == []


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(vendor, other, make_client, status):
    """Neither the call nor its key reaches the other host, of which the error tells the name."""
    vendor.always(status=status, headers={"Location": f"{other.url}/c4nary-key/x?c4nary-key"})
    client = make_client(BEARER, bearer())
    with pytest.raises(Rejected) as caught:
        client.get("/x")
    assert str(caught.value) == (
        f"vendor: GET /x answered {status}, a redirect to 127.0.0.1, which is not followed"
    )
    assert (len(vendor.seen), len(other.seen)) == (1, 0)


def test_proxies_of_the_environment_are_ignored(vendor, other, make_client, monkeypatch):
    """A key must not go through whatever the environment names."""
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, other.url)
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    assert make_client(BEARER, bearer()).get("/x") == "fine"
    assert other.seen == []


def test_netrc_is_ignored(vendor, make_client, monkeypatch, tmp_path):
    """A password for the host in the user's home does not take the key's place."""
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login me password mine\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    make_client(BEARER, bearer()).get("/x")
    assert vendor.seen[0].headers["Authorization"] == "Bearer c4nary-key"


def test_cookies_are_not_sent_back(vendor, client):
    """Each call stands alone."""
    vendor.then(headers={"Set-Cookie": "session=1; Path=/"})
    client.get("/x")
    client.get("/x")
    assert "Cookie" not in vendor.seen[1].headers


@pytest.mark.parametrize(
    "origin",
    ["http://vendor.example", "http://10.0.0.1:80", "http://127.0.0.1.nip.example", "ftp://x"],
)
def test_plain_http_is_for_this_machine_only(make_client, origin):
    """A mapping or a declaration that would send keys in the clear is refused."""
    with pytest.raises(ConfigError, match="neither https nor this machine"):
        make_client(origins={"https://api.vendor.example": origin})


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.1", "localhost", "[::1]"])
def test_a_stand_in_may_be_on_this_machine(make_client, host):
    """Loopback under each of its names is where sandboxes live."""
    make_client(origins={"https://api.vendor.example": f"http://{host}:8080/stand-in"})


def test_a_base_url_with_a_password_is_refused(make_client):
    """It would be a second, unguarded way for a secret to travel."""
    with pytest.raises(ConfigError, match="no user or password"):
        make_client(origins={"https://api.vendor.example": "https://me:pw@vendor.example"})


def test_a_plan_with_a_key_needs_one(make_client):
    """The error names the variable to set."""
    with pytest.raises(ConfigError, match="plan pro needs a key; set VENDOR_API_KEY"):
        make_client(BEARER)


def test_a_refused_connection_is_passing_trouble(make_client):
    """A server that is down may be up again."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        closed = f"http://127.0.0.1:{unused.getsockname()[1]}"
        client = make_client(origins={"https://api.vendor.example": closed})
        with pytest.raises(Unavailable, match="the connection was refused"):
            client.get("/x")
    assert client.stats.calls == 3


def test_a_foreign_certificate_ends_the_provider(tmp_path):
    """No other call would fare better, so it is not tried again; the key is not sent."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("no openssl here to make a certificate with")
    pem = tmp_path / "both.pem"
    made = [openssl, "req", "-x509", "-nodes", "-newkey", "rsa:2048", "-days", "2"]
    made += ["-subj", "/CN=localhost", "-keyout", str(pem), "-out", str(tmp_path / "cert.pem")]
    subprocess.run(made, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert.pem", pem)
    seen = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(self.path)

    class Server(http.server.ThreadingHTTPServer):
        def handle_error(self, *args: object) -> None:
            pass  # the handshake is meant to fail

    server = Server(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    plan = Plan("pro", f"https://localhost:{server.server_address[1]}", Rate(6000), BEARER)
    provider = Provider(name="vendor", title="Vendor", plans=[plan], datasets=[])
    with HttpClient(provider, plan, bearer(), clock=lambda: None, retry=ONCE) as client:
        with pytest.raises(Refused, match="certificate could not be verified"):
            client.get("/x")
        assert client.stats.calls == 1
    server.shutdown()
    server.server_close()
    thread.join()
    assert seen == []
