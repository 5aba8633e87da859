"""ASGI as types and tables: standard library typing only, never waits."""
