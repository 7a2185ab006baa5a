"""The artifact store: locations, digests, manifests, streaming transfer."""
