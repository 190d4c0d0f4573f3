"""The provider keeps what every provider promises, on the samples beside this file."""

from datalake_fees.provider import FEES

from datalake.testing import ProviderTests


class TestFees(ProviderTests):
    provider = FEES
