import os

import pytest

from local.program import Levada


@pytest.fixture
def levada(tmp_path):
    folder = tmp_path / "work"
    folder.mkdir()
    kept = {name: os.environ[name] for name in ("PATH", "TMPDIR") if name in os.environ}
    env = {**kept, "HOME": str(tmp_path), "LC_ALL": "C.UTF-8", "AWS_EC2_METADATA_DISABLED": "true"}
    program = Levada(folder, env)
    yield program
    program.kill_all()
