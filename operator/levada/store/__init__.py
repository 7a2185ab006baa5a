"""The artifact store: s3, gs, az and files through obstore. Everything here blocks; asyncio callers use a thread."""
