"""Each series has a path of its own, whatever its asset is called."""

from urllib.parse import unquote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from datalake.cache import SeriesKey
from datalake.stores import check_key

HOSTILE = ["..", ".", "", "/", "a/b", "../../etc/passwd", "a\0b", "a\nb", "a%2fb", "%", "~", "=",
           "BTC", "btc", "é", "é", "日本", "🪙", "\ud800", "x" * 300, "x" * 301, "Ü" * 300,
           "a b", "C:\\nul", "*", "?", "$HOME", "con", "-", "_"]  # fmt: skip
names = st.text() | st.text(st.characters(codec=None), max_size=1000) | st.sampled_from(HOSTILE)


def test_an_ordinary_path():
    """Readable, hive-style, joinable on the asset."""
    key = SeriesKey("coingecko", "market", "usd-coin")
    assert key.path == ("series/v1/provider=coingecko/dataset=market/asset=usd-coin/series.parquet")
    assert str(key) == "coingecko.market of usd-coin"


@given(names)
def test_every_name_is_a_valid_key(name):
    """Plain ASCII, within one folder, short enough for any file system."""
    for key in (SeriesKey("p", "d", name), SeriesKey(name, "d", "a"), SeriesKey("p", name, "a")):
        assert check_key(key.path).isascii()
        assert key.path.count("/") == 5


@given(names, names)
@example("BTC", "btc")
@example("é", "é")
@example("x" * 300, "x" * 301)
@example("a/b", "a%2Fb")
def test_two_names_never_meet(one, other):
    """Not even on a file system that takes capitals for small letters."""
    paths = [SeriesKey("p", "d", name).path.lower() for name in (one, other)]
    assert (paths[0] == paths[1]) == (one == other)


@pytest.mark.parametrize("name", [name for name in HOSTILE if len(name) < 50 and name != "\ud800"])
def test_a_name_can_be_read_back(name):
    """Other tools decode the folder's name as they would any percent-encoded one."""
    folder = SeriesKey("p", "d", name).path.split("/")[4]
    assert unquote(folder.removeprefix("asset=")) == name
