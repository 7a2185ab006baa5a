from unit.kube.apiserver_fixtures import api, kubeconfig, server
from unit.store.conftest import store

__all__ = ["api", "kubeconfig", "server", "store"]
