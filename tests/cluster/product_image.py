"""`make image`: the product's image, by the container builder that the machine has, or by our own."""

import shutil
import subprocess

from cluster import images
from cluster.paths import REPO
from cluster.progress import ClusterError, phase, say

_BUILDERS = ("docker", "podman", "buildah")
_NAME = "levada:dev"


def build() -> None:
    for builder in _BUILDERS:
        if shutil.which(builder):
            say(f"Building {_NAME} from operator/Dockerfile with {builder}.")
            argv = [builder, "build", "--tag", _NAME, "--file", str(REPO / "operator" / "Dockerfile"), str(REPO)]
            if subprocess.run(argv, check=False).returncode != 0:
                raise ClusterError(f"{' '.join(argv)} failed.")
            return
    target = REPO / "build" / "levada-image.tar"
    say(
        f"No {', '.join(_BUILDERS)} here: building with our own builder (Debian base instead of operator/Dockerfile's)."
    )
    with phase("Image"):
        image = images.levada()
        images.save(image, target)
    say(f"{target.relative_to(REPO)} holds {' and '.join(image.names)}; `docker load` and `ctr images import` read it.")
