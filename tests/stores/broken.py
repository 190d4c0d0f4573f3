"""Stores that each break one promise: controls that the suite and the race can fail."""

import hashlib

from datalake.errors import Conflict
from datalake.stores import ABSENT, Entry, Stored
from datalake.stores.local import LocalStore
from datalake.stores.memory import MemoryStore
from datalake.stores.opening import open_from_environment


class Naive(LocalStore):
    """Checks the precondition, and writes only then: what everybody writes first."""

    def put(self, key, data, metadata, *, if_generation):
        found = self.get(key)
        if (found.generation if found else ABSENT) != if_generation:
            raise Conflict(key)
        while True:
            try:
                return super().put(key, data, metadata, if_generation=if_generation)
            except Conflict:
                found = self.get(key)
                if_generation = found.generation if found else ABSENT


class Unconditional(MemoryStore):
    """Writes whatever the generation is."""

    def put(self, key, data, metadata, *, if_generation):
        found = self.get(key)
        current = found.generation if found else ABSENT
        return super().put(key, data, metadata, if_generation=current)


class ContentGenerations(MemoryStore):
    """Takes the hash of the bytes for a generation, which may come back."""

    def get(self, key, *, known=None):
        found = super().get(key)
        return found and Stored(found.data, hashlib.md5(found.data).hexdigest(), found.metadata)

    def put(self, key, data, metadata, *, if_generation):
        found = self.get(key)
        if (found.generation if found else ABSENT) != if_generation:
            raise Conflict(key)
        true = super().get(key)
        super().put(key, data, metadata, if_generation=true.generation if true else ABSENT)
        return hashlib.md5(data).hexdigest()


class NoMetadata(MemoryStore):
    """Forgets the metadata."""

    def put(self, key, data, metadata, *, if_generation):
        return super().put(key, data, {}, if_generation=if_generation)


class EmptyIsMissing(MemoryStore):
    """Takes an empty object for none."""

    def get(self, key, *, known=None):
        found = super().get(key)
        return found if found and found.data else None


class Mixed(MemoryStore):
    """Gives today's bytes the metadata and generation of an older listing."""

    def get(self, key, *, known=None):
        found = super().get(key)
        return (found and known and Stored(found.data, known.generation, known.metadata)) or found


class Unsorted(MemoryStore):
    """Lists in no useful order."""

    def list(self, prefix=""):
        return reversed(list(super().list(prefix)))


class FolderPrefix(MemoryStore):
    """Takes a prefix for a folder."""

    def list(self, prefix=""):
        return super().list(prefix if not prefix or prefix.endswith("/") else prefix + "/")


class ForgetfulList(MemoryStore):
    """Lists without metadata."""

    def list(self, prefix=""):
        for entry in super().list(prefix):
            yield Entry(entry.key, entry.size, entry.generation, entry.updated)


class CarelessDelete(MemoryStore):
    """Deletes whatever the generation is."""

    def delete(self, key, *, if_generation=None):
        super().delete(key)


class CaseBlind(MemoryStore):
    """Takes %2F for %2f and A for a, as some file systems do."""

    def get(self, key, *, known=None):
        return super().get(key.lower().replace("%42%54%43", "btc"))

    def put(self, key, data, metadata, *, if_generation):
        key = key.lower().replace("%42%54%43", "btc")
        return super().put(key, data, metadata, if_generation=if_generation)


def open_naive(url):
    return Naive(url.removeprefix("file://"))


class NaiveBucket:
    """A bucket as everybody uses it first: it is written whatever the generation is by then."""

    def __init__(self, url):
        self.store = open_from_environment(url)
        self.url, self.get, self.list = url, self.store.get, self.store.list

    def put(self, key, data, metadata, *, if_generation):
        found = self.get(key)
        if (found.generation if found else ABSENT) != if_generation:
            raise Conflict(key)
        while True:
            try:
                return self.store.put(key, data, metadata, if_generation=if_generation)
            except Conflict:
                found = self.get(key)
                if_generation = found.generation if found else ABSENT
