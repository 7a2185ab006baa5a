"""Write an image as a docker-archive: the tar that containerd, Docker, Podman and kind can all load."""

import hashlib
import io
import json
import tarfile
from dataclasses import dataclass, field
from typing import BinaryIO

from cluster.layers import Layer


@dataclass(frozen=True)
class Image:
    names: tuple[str, ...]  # name:tag
    layers: tuple[Layer, ...]
    config: dict = field(default_factory=dict)  # Env, User, Entrypoint, ...

    def config_file(self) -> bytes:
        content = {
            "architecture": "amd64",
            "os": "linux",
            "config": self.config,
            "rootfs": {"type": "layers", "diff_ids": [f"sha256:{layer.digest}" for layer in self.layers]},
            "history": [{"created": "1970-01-01T00:00:00Z"} for _ in self.layers],
        }
        return json.dumps(content, sort_keys=True).encode()

    def digest(self) -> str:
        return hashlib.sha256(self.config_file()).hexdigest()


def write(image: Image, stream: BinaryIO) -> None:
    # Written front to back, so that it can go down a pipe without a copy on disk.
    with tarfile.open(fileobj=stream, mode="w|", format=tarfile.GNU_FORMAT) as tar:
        for layer in image.layers:
            entry = tarfile.TarInfo(f"{layer.digest}.tar")
            entry.size = layer.path.stat().st_size
            with layer.path.open("rb") as content:
                tar.addfile(entry, content)
        config_name = f"{image.digest()}.json"
        _add(tar, config_name, image.config_file())
        files = [f"{layer.digest}.tar" for layer in image.layers]
        manifest = [{"Config": config_name, "RepoTags": list(image.names), "Layers": files}]
        _add(tar, "manifest.json", json.dumps(manifest).encode())


def _add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = len(content)
    tar.addfile(entry, io.BytesIO(content))
