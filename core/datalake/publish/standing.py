"""What lies at an output before a publication: the pointer, what it names, and the copies."""

from __future__ import annotations

from datetime import datetime

from attrs import evolve, frozen

from ..errors import ConfigError
from . import pointer as pointing
from . import versions
from .layout import ASSETS, DATA
from .place import Place, assets_name, candidate_name, published_name, taken
from .pointer import Entry, Keep, Pointer, follow, swap
from .published import Damaged, Foreign, Published, look
from .rows import height, ids_of


@frozen
class Standing:
    """`pointer` is None before the first publication; `generation` is that of its object.

    `data` and `assets` are what the pointer names, or without one what lies under the fixed names.
    `damage` says what was wrong with a pointer that had to be made again; `lost` are the kinds of
    files that the version itself has no more whole, so that their copies had to do.
    """

    pointer: Pointer | None
    generation: str
    data: Published | Damaged | None
    assets: Published | Damaged | None
    damage: str = ""
    lost: tuple[str, ...] = ()

    @property
    def suffered(self) -> bool:
        """Whether the published version has lost one of its files."""
        return isinstance(self.data, Damaged) or isinstance(self.assets, Damaged)

    @property
    def newest(self) -> datetime | None:
        """The latest instant that anything here stood for."""
        if self.pointer:
            return self.pointer.max_as_of
        return self.data.as_of if isinstance(self.data, Published) else None


def examine(place: Place, synthetic: bool) -> Standing:
    """All that must be known before something is published; ConfigError where it must not be."""
    pointer, generation, damage = guard(place, synthetic)
    if pointer is None:
        data = _look(place, place.name, DATA)
        assets = _look(place, assets_name(place.name), ASSETS)
        return Standing(None, generation, data, assets, damage)
    entry = pointer.current
    lying = {kind: versions.read(place.store, entry, kind) for kind in (DATA, ASSETS)}
    lost = tuple(kind for kind, data in lying.items() if data is None)
    names = {DATA: place.name, ASSETS: assets_name(place.name)}
    data, assets = (_named(place, entry, kind, lying[kind], name) for kind, name in names.items())
    if isinstance(data, Damaged):
        data = evolve(data, earlier=versions.newest_whole(place.store, pointer.history))
    if not lost:
        data, assets = (
            evolve(one, data=b"") if isinstance(one, Published) else one for one in (data, assets)
        )
    return Standing(pointer, generation, data, assets, damage, lost)


def guard(place: Place, synthetic: bool) -> tuple[Pointer | None, str, str]:
    """The pointer, its generation and its damage; ConfigError for anything that is not ours, or
    of the other kind: real and synthetic data are never mixed."""
    try:
        pointer, generation, damage = pointing.read(place.store)
    except pointing.NotOurs as error:
        name = f"{published_name(place.name)}/{pointing.KEY}"
        raise taken(place, name, str(error)) from None
    if pointer is None:
        pointer, damage = _rebuilt(place, synthetic, damage)
    history = pointer.history if pointer and not damage else ()  # of a rebuilt one the copies speak
    known = {file.sha256 for entry in history for file in entry.files.values()}
    kinds = {place.name: DATA, assets_name(place.name): ASSETS, candidate_name(place.name): DATA}
    found = {
        name: _look(place, name, kind)
        for name, kind in kinds.items()
        if place.state(name).sha256 not in known
    }
    ours = [what for what in found.values() if isinstance(what, Published)]
    for name, what in found.items():
        if isinstance(what, Damaged) and not (what.plausible or ours or pointer):
            raise taken(place, name, what.reason)
    if damage and not (ours or pointer):
        raise taken(place, f"{published_name(place.name)}/{pointing.KEY}", damage)
    for was in [one.synthetic for one in ours] + ([pointer.synthetic] if pointer else []):
        if was != synthetic:
            raise _mixed(place, was)
    return pointer, generation, damage


def _rebuilt(place: Place, synthetic: bool, damage: str) -> tuple[Pointer | None, str]:
    """A pointer that is damaged, or gone, made again from the versions, and what was wrong with it.

    One that was never written leaves versions too, those of a run that was killed before it
    published: only a copy, which comes after the pointer, tells that there was one.
    """
    copy = place.state(place.name).sha256
    pointer = versions.rebuild(place.store, synthetic, copy)
    if damage or pointer is None:
        return pointer, damage
    if copy == pointer.current.files[DATA].sha256:
        return pointer, "it is missing"
    return None, ""


def settle(place: Place, standing: Standing, at: datetime) -> Standing:
    """Before anything is published: a version is healed by its copies, a damaged pointer is written
    anew, and files that were published without a pointer become its first version. Conflict where
    somebody else did it."""
    pointer = standing.pointer
    if pointer and standing.lost and not standing.suffered:
        found = {DATA: standing.data, ASSETS: standing.assets}
        files = {kind: one.data for kind, one in found.items() if isinstance(one, Published)}
        versions.put(place.store, pointer.current, files)
    if pointer is None and isinstance(standing.data, Published):
        pointer = _adopt(place, standing.data, standing.assets, at)
    elif not standing.damage:
        return standing
    if pointer is None:
        return standing
    return evolve(
        standing, pointer=pointer, generation=swap(place.store, pointer, standing.generation)
    )


def _adopt(
    place: Place, data: Published, assets: Published | Damaged | None, at: datetime
) -> Pointer | None:
    """A pointer to the files that lie there, once they are a version; both must be whole."""
    if data.content is None or not isinstance(assets, Published):
        return None
    files = {DATA: data.data, ASSETS: assets.data}
    entry = Entry(
        sequence=0,
        version=versions.version_name(data.as_of, files),
        as_of=data.as_of,
        published_at=at,
        run_id=None,
        rows=height(data.content.rows),
        assets=len(ids_of(data.content.rows)),
        files=versions.describe(files),
        open_day=data.content.open_day,
    )
    pointer = follow(None, entry, data.synthetic, Keep())
    versions.put(place.store, pointer.current, files)
    return pointer


def _named(
    place: Place, entry: Entry, kind: str, data: bytes | None, name: str
) -> Published | Damaged:
    """What the pointer names; where its version suffered, its copy will do."""
    if data is None and place.state(name).sha256 == entry.files[kind].sha256:
        data = place.read(name)
    if data is None:
        return Damaged(f"version {entry.version} has lost its files", plausible=True)
    found = look(data, kind)
    if isinstance(found, Foreign):
        raise taken(place, name, found.what)
    return found


def _look(place: Place, name: str, kind: str) -> Published | Damaged | None:
    data = place.read(name)
    if data is None:
        return None
    found = look(data, kind)
    if isinstance(found, Foreign):
        raise taken(place, name, found.what)
    return found


def _mixed(place: Place, synthetic: bool) -> ConfigError:
    was, now = ("synthetic", "real") if synthetic else ("real", "synthetic")
    return ConfigError(
        f"output {place.url} holds {was} data and this run has {now} data; the two are never "
        "mixed: choose another place with --output, or remove the old files (and the folder "
        f"{published_name(place.name)} beside them)"
    )
