"""One pipeline of many on one series: fetches days of its own, and says which are cached.

`python worker.py OPENER URL SEED WORKERS ROUNDS`; it waits for a line on stdin first.
"""

import random
import sys
from datetime import date, datetime, timedelta, timezone

from datalake.cache import AssetCache, Miss, SeriesKey
from datalake.models import Column, Dataset, Stamp, Window
from datalake.testing.racing import load_opener

DATASET = Dataset(
    name="market",
    columns={"rank": Column("", "", type="int64")},
    fetch=lambda native_id, window, client: {},
    stamp=Stamp.START,
)
KEY = SeriesKey("acme", "market", "bitcoin")
EPOCH = date(1970, 1, 1)


def fetch(window):
    days = [(window.start - EPOCH).days + number for number in range(window.days)]
    return {"time": [day * 86_400 for day in days], "rank": days}


def main(opener, url, seed, workers, rounds):
    chance = random.Random(int(seed))
    store = load_opener(opener)(url)
    cache = AssetCache(store, clock=lambda: datetime.now(timezone.utc))
    print("ready", flush=True)
    sys.stdin.readline()
    for number in range(int(rounds)):
        start = date(2014, 1, 1) + timedelta(days=chance.randrange(4000))
        days = Window(start, start + timedelta(days=2))
        before = cache.find(KEY, DATASET)
        result = cache.get_or_fetch(KEY, DATASET, "bitcoin", days, days, fetch)
        assert result.error is None
        assert isinstance(before, Miss) or len(result.table) == 2, number
        print(*(str(day) for day in result.table["date"].to_pylist()), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
