"""`python -m levada.handlers`: the operator."""

import asyncio
import importlib
import os
import sys
from functools import partial

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
    asyncio.run(operator.run(settings, partial(reconciler.Reconciler, settings=settings), options))


if __name__ == "__main__":
    main()
