"""`python -m bench.raw_store put|get SETTINGS PATH URI`: obstore and nothing else, no digest, no check, no manifest.

Files of a folder go side by side, as many at once as the agent has.
"""

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import obstore

from levada.store.config import from_folder
from levada.store.stores import Place, Stores
from levada.store.transfer import SIDE_BY_SIDE


def put(place: Place, path: Path) -> None:
    if path.is_file():
        obstore.put(place.store, place.key, path)
        return
    names = [str(file.relative_to(path)) for file in path.rglob("*") if file.is_file()]
    _side_by_side(lambda name: obstore.put(place.store, place.below(name).key, (path / name).read_bytes()), names)


def get(place: Place, path: Path) -> None:
    keys = [str(item["path"]) for page in obstore.list(place.store, prefix=place.key) for item in page]
    if not keys:  # the listing has what stands below: one object is none of it
        _save(place, place.key, path)
        return

    def save(key: str) -> None:
        file = path / key.removeprefix(f"{place.key}/")
        file.parent.mkdir(parents=True, exist_ok=True)
        _save(place, key, file)

    _side_by_side(save, keys)


def _save(place: Place, key: str, file: Path) -> None:
    with file.open("wb") as target:
        for chunk in _chunks(place, key):
            target.write(chunk)


def _chunks(place: Place, key: str) -> Iterator[bytes]:
    yield from obstore.get(place.store, key).stream(min_chunk_size=4 << 20)


def _side_by_side(act, items: list[str]) -> None:
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        list(pool.map(act, items))


if __name__ == "__main__":
    verb, settings, path, uri = sys.argv[1:]
    {"put": put, "get": get}[verb](Stores(from_folder(Path(settings))).writing(uri), Path(path))
