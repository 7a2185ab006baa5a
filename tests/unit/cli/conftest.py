from unit.kube.apiserver_fixtures import api, kubeconfig, server

__all__ = ["api", "kubeconfig", "server"]
