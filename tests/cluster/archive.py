"""Write an image as the tar that `docker save` makes: containerd, Docker, Podman and kind all load it."""

import hashlib
import io
import json
import tarfile
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import BinaryIO

from cluster.layers import Layer

_OCI = "application/vnd.oci.image"


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
        return _json(content)

    def digest(self) -> str:
        return hashlib.sha256(self.config_file()).hexdigest()


def write(image: Image, stream: BinaryIO, known: Collection[str] = ()) -> None:
    """Write the image, without the layers that the receiver is known to hold already."""
    config = image.config_file()
    layers = [_descriptor("layer.v1.tar", layer.digest, layer.path.stat().st_size) for layer in image.layers]
    manifest = _json(
        {
            "schemaVersion": 2,
            "mediaType": f"{_OCI}.manifest.v1+json",
            "config": _descriptor("config.v1+json", _sha256(config), len(config)),
            "layers": layers,
        }
    )
    described = _descriptor("manifest.v1+json", _sha256(manifest), len(manifest))
    named = [
        {
            **described,
            "annotations": {"io.containerd.image.name": full_name(name), "org.opencontainers.image.ref.name": name},
        }
        for name in image.names
    ]
    # Written front to back, so that it can go down a pipe without a copy on disk.
    with tarfile.open(fileobj=stream, mode="w|", format=tarfile.GNU_FORMAT) as tar:
        for layer in image.layers:
            if layer.digest not in known:
                entry = tarfile.TarInfo(_blob(layer.digest))
                entry.size = layer.path.stat().st_size
                with layer.path.open("rb") as content:
                    tar.addfile(entry, content)
        _add(tar, _blob(_sha256(config)), config)
        _add(tar, _blob(_sha256(manifest)), manifest)
        _add(tar, "oci-layout", _json({"imageLayoutVersion": "1.0.0"}))
        _add(tar, "index.json", _json({"schemaVersion": 2, "manifests": named}))
        # The same once more for a Docker that does not read OCI layouts.
        blobs = [_blob(layer.digest) for layer in image.layers]
        docker = [{"Config": _blob(_sha256(config)), "RepoTags": list(image.names), "Layers": blobs}]
        _add(tar, "manifest.json", _json(docker))


def full_name(name: str) -> str:
    return f"docker.io/library/{name}"


def _descriptor(kind: str, digest: str, size: int) -> dict:
    return {"mediaType": f"{_OCI}.{kind}", "digest": f"sha256:{digest}", "size": size}


def _blob(digest: str) -> str:
    return f"blobs/sha256/{digest}"


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _json(content: object) -> bytes:
    return json.dumps(content, sort_keys=True).encode()


def _add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = len(content)
    tar.addfile(entry, io.BytesIO(content))
