"""`python -m levada.handlers`: the operator."""

import gc
import importlib
import os
import sys
from functools import partial

import uvloop

from levada.handlers import logs, operator
from levada.handlers.settings import Settings, SettingsError


def main() -> None:
    """Start the operator with the settings of the environment."""
    try:
        settings = Settings.from_environment(os.environ)
    except SettingsError as error:
        sys.exit(str(error))
    logs.configure(settings.log_level)
    reconciler = importlib.import_module("levada.kube.reconciler")  # after the logs: what it imports may log
    options = operator.Options(pod_type=reconciler.Pod, pod_labels=reconciler.POD_LABELS)
    _look_for_cycles_rarely()
    uvloop.run(operator.run(settings, partial(reconciler.Reconciler, settings=settings), options))


def _look_for_cycles_rarely() -> None:
    """With Python's own thresholds a tenth of the operator's time, and most of its longest stalls, went into that.

    Nearly all that a run allocates stays until it is over, or goes by itself.
    """
    gc.freeze()
    gc.set_threshold(10_000, 10, 10)


if __name__ == "__main__":
    main()
