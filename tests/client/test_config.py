import pytest

from cosbox.client.config import CosConfig
from cosbox.client.transports.base import Timeouts
from cosbox.protocol.errors import ParameterError
from support.scripted import ID, KEY


def config(**given):
    return CosConfig(**{"SecretId": ID, "SecretKey": KEY, **given})


@pytest.fixture(autouse=True)
def no_environment(monkeypatch):
    for name in ("COSBOX_SECRET_ID", "COSBOX_SECRET_KEY", "COSBOX_TOKEN"):
        monkeypatch.delenv(name, raising=False)


def url(conf: CosConfig) -> str:
    return conf.endpoint.url("b-125", "k")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"Region": "ap-guangzhou"}, "https://b-125.cos.ap-guangzhou.myqcloud.com/k"),
        ({"Region": "cossh"}, "https://b-125.cos.ap-shanghai.myqcloud.com/k"),
        ({"Region": "cos.ap-beijing"}, "https://b-125.cos.ap-beijing.myqcloud.com/k"),
        ({"Region": "cn-north"}, "https://b-125.cn-north.myqcloud.com/k"),
        ({"Region": "accelerate"}, "https://b-125.cos.accelerate.myqcloud.com/k"),
        ({"Region": "ap-x", "Scheme": "http"}, "http://b-125.cos.ap-x.myqcloud.com/k"),
        (
            {"Region": "ap-x", "EnableOldDomain": False},
            "https://b-125.cos-internal.ap-x.tencentcos.cn/k",
        ),
        (
            {"Region": "ap-x", "EnableOldDomain": False, "EnableInternalDomain": False},
            "https://b-125.cos.ap-x.tencentcos.cn/k",
        ),
        ({"Region": "ap-x", "Endpoint": "cos.example.org"}, "https://b-125.cos.example.org/k"),
        ({"Endpoint": "http://cos.example.org:81/"}, "http://b-125.cos.example.org:81/k"),
        ({"Endpoint": "127.0.0.1:8000"}, "http://127.0.0.1:8000/b-125/k"),
        ({"Endpoint": "https://127.0.0.1:8000"}, "https://127.0.0.1:8000/b-125/k"),
        ({"Endpoint": "127.0.0.1", "Scheme": "https"}, "https://127.0.0.1/b-125/k"),
        ({"Endpoint": "localhost"}, "http://localhost/b-125/k"),
        ({"Endpoint": "store:8000"}, "http://store:8000/b-125/k"),
        ({"Endpoint": "[::1]:8000"}, "http://[::1]:8000/b-125/k"),
        ({"Domain": "files.example.org"}, "https://files.example.org/k"),
        ({"Region": "ap-x", "IP": "10.0.0.1", "Port": "81"}, "https://10.0.0.1:81/k"),
        ({"Region": "ap-x", "IP": "::1", "Port": 81}, "https://[::1]:81/k"),
    ],
)
def test_where_requests_go(given, expected):
    assert url(config(**given)) == expected


@pytest.mark.parametrize(
    ("given", "host"),
    [
        ({"Region": "ap-x"}, "service.cos.myqcloud.com"),
        ({"Region": "ap-x", "EnableOldDomain": False}, "service.cos.tencentcos.cn"),
        ({"Region": "ap-x", "ServiceDomain": "service.example.org"}, "service.example.org"),
        ({"Endpoint": "127.0.0.1:8000"}, "127.0.0.1:8000"),
        ({"Endpoint": "cos.example.org"}, "cos.example.org"),
    ],
)
def test_where_the_account_is_asked(given, host):
    assert config(**given).endpoint.target(None, None) == (host, "/")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "Region or Endpoint is needed"),
        ({"Region": "ap guangzhou"}, "Region"),
        ({"Region": 5}, "Region"),
        ({"Endpoint": "http://host/path"}, "no path"),
        ({"Endpoint": "http://user@host"}, "no user"),
        ({"Endpoint": "ftp://host"}, "http"),
        ({"Endpoint": "host:port"}, "port"),
        ({"Endpoint": "host:65536"}, "port"),
        ({"Endpoint": "http://host", "Scheme": "https"}, "Scheme"),
        ({"Region": "ap-x", "Scheme": "ftp"}, "Scheme"),
        ({"Region": "ap-x", "Port": 80}, "Port needs IP"),
        ({"Region": "ap-x", "IP": "10.0.0.1", "Port": 0.5}, "Port"),
        ({"Region": "ap-x", "AllowRedirects": True}, "AllowRedirects"),
        ({"Region": "ap-x", "Timeout": 0}, "Timeout"),
        ({"Region": "ap-x", "Timeout": (1, 2, 3)}, "Timeout"),
        ({"Region": "ap-x", "Timeout": "5"}, "Timeout"),
        ({"Region": "ap-x", "SecretId": " id"}, "blanks"),
        ({"Region": "ap-x", "SecretKey": "key\n"}, "blanks"),
        ({"Region": "ap-x", "SecretKey": None}, "both"),
        ({"Region": "ap-x", "SecretKey": b"key"}, "must be str"),
        ({"Region": "ap-x", "SecretId": None, "SecretKey": None}, "are needed"),
        ({"Region": "x", "SecretId": "", "SecretKey": "", "CredentialInstance": 5}, "secret_id"),
        ({"Region": "ap-x", "TimeOut": 5}, "did you mean 'Timeout'"),
        ({"Region": "ap-x", "EnpointCi": "x"}, "no parameter 'EnpointCi'"),
    ],
)
def test_what_is_refused(given, message):
    with pytest.raises(ParameterError, match=message):
        config(**given)


def test_the_official_order_of_parameters():
    conf = CosConfig("125", "ap-x", ID, KEY, "token", None, "http", 5)
    credential = conf.credential()
    assert credential is not None
    assert (credential.secret_id, credential.secret_key, credential.token) == (ID, KEY, "token")
    assert conf.endpoint.scheme == "http"
    assert conf.timeouts("get_object") == Timeouts(connect=5, stall=5)
    assert conf.defaults.appid == "125"


@pytest.mark.parametrize("names", [("Secret_id", "Secret_key"), ("Access_id", "Access_key")])
def test_old_names_of_the_key_pair(names):
    conf = CosConfig(Region="ap-x", **dict(zip(names, (ID, KEY), strict=True)))
    credential = conf.credential()
    assert credential is not None
    assert (credential.secret_id, credential.secret_key) == (ID, KEY)


def test_the_environment_is_asked_last(monkeypatch):
    monkeypatch.setenv("COSBOX_SECRET_ID", "env-id")
    monkeypatch.setenv("COSBOX_SECRET_KEY", "env-key")
    monkeypatch.setenv("COSBOX_TOKEN", "env-token")

    class Instance:
        secret_id, secret_key = "instance-id", "instance-key"

    found = CosConfig(Region="ap-x").credential()
    assert found is not None
    assert (found.secret_id, found.secret_key, found.token) == ("env-id", "env-key", "env-token")
    by_instance = CosConfig(Region="ap-x", CredentialInstance=Instance()).credential()
    assert by_instance is not None
    assert by_instance.secret_id == "instance-id"
    explicit = config(Region="ap-x", CredentialInstance=Instance()).credential()
    assert explicit is not None
    assert explicit.secret_id == ID


def test_half_a_key_pair_in_the_environment_is_refused(monkeypatch):
    monkeypatch.setenv("COSBOX_SECRET_ID", "env-id")
    with pytest.raises(ParameterError, match="both"):
        CosConfig(Region="ap-x")


def test_secrets_are_not_shown():
    conf = config(Region="ap-x", Token="token")
    for text in (repr(conf), repr(conf.credential())):
        assert KEY not in text
        assert "token" not in text


def test_timeouts():
    assert config(Region="ap-x").timeouts("put_object") == Timeouts()
    assert config(Region="ap-x").timeouts("complete_multipart_upload").stall == 1200
    assert config(Region="ap-x", Timeout=(3, 60)).timeouts("copy_object") == Timeouts(3, 60)


def test_the_other_domain_exists_for_tencents_hosts_only():
    switching = {"AutoSwitchDomainOnRetry": True}
    other = config(Region="ap-x", **switching).alternative
    assert other is not None
    assert other.url("b-125", "k") == "https://b-125.cos.ap-x.tencentcos.cn/k"
    assert config(Region="ap-x").alternative is None
    assert config(Endpoint="127.0.0.1", **switching).alternative is None
    assert config(Domain="a.example.org", **switching).alternative is None
