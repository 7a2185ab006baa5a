"""The images that the tests use, built here and imported into the cluster's containerd: there is no registry."""

import hashlib
import json
import shutil
import subprocess
from pathlib import Path

from cluster import containers, rootfs, wheels
from cluster.archive import Image, full_name, write
from cluster.binaries import program
from cluster.layers import Layer, cached
from cluster.paths import CONTAINERD_SOCKET, REPO, STATE
from cluster.progress import ClusterError, phase

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_ENVIRONMENT = ("LANG=C.UTF-8", "PYTHONUNBUFFERED=1")
_IMPORTED = STATE / "images.json"
_SCRIPTS = {"levada": "levada.cli.main:main", "kubectl-levada": "levada.cli.main:main"}


def pause() -> Image:
    def tree() -> Path:
        folder = _fresh("pause")
        shutil.copy2(program("pause"), folder / "pause")
        return folder

    binary = cached(STATE / "images" / f"{program('pause').parent.name}.tar", tree)
    return Image((_short(containers.PAUSE_IMAGE),), (binary,), {"Entrypoint": ["/pause"], "User": "65535:65535"})


def base() -> Image:
    return Image(("levada-base:test",), (rootfs.layer(),), {"Env": [f"PATH={PATH}", *_ENVIRONMENT], "Cmd": ["sh"]})


def examples() -> Image:
    layers = (rootfs.layer(), wheels.examples())
    return Image(("levada-examples:test",), layers, {"Env": [f"PATH={PATH}", *_ENVIRONMENT], "Cmd": ["sh"]})


def levada() -> Image:
    """The product's image, laid out as operator/Dockerfile does; the tag beside `test` changes with the content."""
    layers = (rootfs.layer(), wheels.levada(), _code())
    tag = hashlib.sha256("".join(layer.digest for layer in layers).encode()).hexdigest()[:12]
    config = {
        "Env": [f"PATH=/{wheels.VIRTUAL_ENVIRONMENT}/bin:{PATH}", *_ENVIRONMENT],
        "User": "65532:65532",
        "WorkingDir": "/",
        "Entrypoint": ["levada"],
    }
    return Image((f"levada:{tag}", "levada:test"), layers, config)


def load(*images: Image) -> None:
    """Import what containerd does not have yet in just this form."""
    record = json.loads(_IMPORTED.read_text()) if _IMPORTED.exists() else {}
    present = containers.image_names()
    # Only layers of images that are still there: containerd collects the others.
    known = {digest for name, layers in record.items() if name in present for digest in layers}
    for image in images:
        names = {full_name(name) for name in image.names}
        layers = [layer.digest for layer in image.layers]
        if names <= present and all(record.get(name) == layers for name in names):
            continue
        size = sum(layer.path.stat().st_size for layer in image.layers if layer.digest not in known) / 1e6
        with phase(f"Load image {image.names[-1]}, {size:.0f} MB new"):
            _import(image, known)
        known.update(layers)
        record |= dict.fromkeys(names, layers)
        _IMPORTED.write_text(json.dumps(record, indent=1))


def save(image: Image, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        write(image, file)


def _import(image: Image, known: set[str]) -> None:
    argv = ["ctr", "--address", str(CONTAINERD_SOCKET), "--namespace", "k8s.io", "images", "import", "-"]
    log = STATE / "logs" / "import.log"
    with (
        log.open("w") as output,
        subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=output, stderr=output) as process,
    ):
        assert process.stdin is not None
        try:
            write(image, process.stdin, known)
            process.stdin.close()
        except BrokenPipeError:
            pass  # ctr ended early: its own words follow
    if process.returncode != 0:
        raise ClusterError(f"Import of {image.names[0]} failed:\n{log.read_text()[-2000:]}")


def _code() -> Layer:
    """Levada itself, a layer of its own: after an edit only these few files are built and imported anew."""
    source = REPO / "operator" / "levada"
    key = hashlib.sha256()
    for path in sorted(path for path in source.rglob("*") if path.is_file() and "__pycache__" not in path.parts):
        key.update(str(path.relative_to(source)).encode() + b"\0" + path.read_bytes())

    def tree() -> Path:
        folder = _fresh("code")
        shutil.copytree(source, folder / wheels.SITE_PACKAGES / "levada", ignore=shutil.ignore_patterns("__pycache__"))
        programs = folder / wheels.VIRTUAL_ENVIRONMENT / "bin"
        programs.mkdir()
        (programs / "python3").symlink_to("/usr/bin/python3")
        for name, target in _SCRIPTS.items():
            _script(programs / name, target)
        (programs.parent / "pyvenv.cfg").write_text("home = /usr/bin\ninclude-system-site-packages = false\n")
        rootfs.compile_python(folder, f"{wheels.SITE_PACKAGES}/levada")
        return folder

    return cached(STATE / "images" / f"code-{key.hexdigest()[:16]}.tar", tree)


def _script(path: Path, target: str) -> None:
    module, _, function = target.partition(":")
    python = f"/{wheels.VIRTUAL_ENVIRONMENT}/bin/python3"
    path.write_text(f"#!{python}\nimport sys\n\nfrom {module} import {function}\n\nsys.exit({function}())\n")
    path.chmod(0o755)


def _fresh(name: str) -> Path:
    folder = STATE / "images" / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def _short(name: str) -> str:
    return name.removeprefix("docker.io/library/")
