import pytest

from pollers.shure.endpoints import Endpoint

PIN = "0f" * 32


@pytest.mark.parametrize(
    ("url", "base_url", "hostname", "port"),
    [
        ("https://shure.example:10000", "https://shure.example:10000/api/v1", "shure.example", 10000),
        ("https://shure.example:10000/", "https://shure.example:10000/api/v1", "shure.example", 10000),
        ("https://shure.example:10000/api/v1", "https://shure.example:10000/api/v1", "shure.example", 10000),
        ("https://10.0.0.5", "https://10.0.0.5/api/v1", "10.0.0.5", 443),
        ("https://[fd00::5]:10000", "https://[fd00::5]:10000/api/v1", "fd00::5", 10000),
    ],
)
def test_an_address_is_completed(url: str, base_url: str, hostname: str, port: int) -> None:
    endpoint = Endpoint(url=url, key="k", pins=(PIN,))

    assert (endpoint.base_url, endpoint.hostname, endpoint.port) == (base_url, hostname, port)


@pytest.mark.parametrize(
    "wrong",
    [
        {"url": "http://shure.example:10000"},
        {"url": "shure.example:10000"},
        {"url": "https://"},
        {"url": "https://shure.example:0"},
        {"url": "https://shure.example:99999"},
        {"url": "https://me:secret@shure.example"},
        {"url": "https://shure.example/api/v2"},
        {"url": "https://shure.example/?a=b"},
        {"url": "https://shure.example\n"},
        {"url": "https://shure.exa mple"},
        {"pins": (PIN.upper(),)},
        {"pins": (PIN[:-1],)},
        {"pins": (f"{PIN}\n",)},
        {"key": ""},
        {"key": "two words"},
        {"key": "line\r\nX-Other: yes"},
        {"key": "sch\u00f6n"},
    ],
)
def test_what_cannot_be_asked_is_refused_with_a_sentence_that_tells_no_key(wrong: dict[str, object]) -> None:
    configured = {"url": "https://shure.example:10000", "key": "k", "pins": (PIN,)} | wrong

    with pytest.raises(ValueError, match=r"[.]$") as refusal:
        Endpoint(**configured)  # type: ignore[arg-type]  # each case has one value of another kind

    assert str(configured["key"]) not in str(refusal.value) or configured["key"] in {"", "k"}


def test_a_server_with_a_new_key_is_the_same_server() -> None:
    old, new = (Endpoint(url="https://shure.example", key=key) for key in ("old", "new"))

    assert old == new
    assert "old" not in repr(old)
