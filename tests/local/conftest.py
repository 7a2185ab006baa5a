import os

import pytest

from local.program import Levada

FAKE = """#!/bin/sh
echo "$@" >> "{calls}"
test "$1" = run || exit 0
shift
while test $# -gt 0; do
  case "$1" in
  --rm) shift ;;
  --entrypoint) entry=$2; shift 2 ;;
  --workdir) cd "$2"; shift 2 ;;
  --*) shift 2 ;;
  *) break ;;
  esac
done
echo "image $1"; shift
exec "$entry" "$@"
"""


@pytest.fixture
def levada(tmp_path):
    folder = tmp_path / "work"
    folder.mkdir()
    kept = {name: os.environ[name] for name in ("PATH", "TMPDIR") if name in os.environ}
    env = {**kept, "HOME": str(tmp_path), "LC_ALL": "C.UTF-8", "AWS_EC2_METADATA_DISABLED": "true"}
    program = Levada(folder, env)
    yield program
    program.kill_all()


@pytest.fixture
def calls(levada, tmp_path):
    """A podman that notes what it is told and runs the command without a container."""
    folder = tmp_path / "bin"
    folder.mkdir()
    path = tmp_path / "calls"
    (folder / "podman").write_text(FAKE.format(calls=path))
    (folder / "podman").chmod(0o755)
    levada.env["PATH"] = f"{folder}:{levada.env['PATH']}"
    return lambda: path.read_text().splitlines()
