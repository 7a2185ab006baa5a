"""The real reconciler against a modelled API server, kubelet and store, under a seeded clock: no process, no sleep."""
