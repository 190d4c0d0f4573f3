"""The built-in providers pass the suite that everybody's do, all faults included."""

from __future__ import annotations

import pytest

from datalake.testing import ProviderTests
from datalake_coingecko import register_providers as coingecko
from datalake_defillama import register_providers as defillama
from datalake_lunarcrush import register_providers as lunarcrush


class TestCoinGecko(ProviderTests):
    """Its key travels in a header; it lists the universe."""

    (provider,) = coingecko()

    @pytest.fixture
    def samples(self, recorded):
        return recorded("coingecko")


class TestDefiLlama(ProviderTests):
    """Its key travels in the path; every call brings the whole history."""

    (provider,) = defillama()

    @pytest.fixture
    def samples(self, recorded):
        return recorded("defillama")


class TestLunarCrush(ProviderTests):
    """Its key is a bearer's; assets are found in a list."""

    (provider,) = lunarcrush()

    @pytest.fixture
    def samples(self, recorded):
        return recorded("lunarcrush")
