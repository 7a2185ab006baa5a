"""The kinds of `levada.dev/v1alpha1` as pydantic models, and the CRDs written from them."""
