"""Keys of the ledger in LMDB: the tables, and how customers and states are written as keys."""

from __future__ import annotations

from hashlib import blake2b

MAX_KEY_BYTES = 511
TABLES = RECORDS, CHANGES, TOMBSTONES, META = ("records", "changes", "tombstones", "meta")
STATE_KEY = b"state"  # of the metadata
STATE_BYTES = 8


def record_key(customer_id: str) -> bytes:
    """The key of a customer's record; a hash for an id too long to be one."""
    key = b"\0" + customer_id.encode("utf-8", "surrogatepass")
    return key if len(key) <= MAX_KEY_BYTES else b"\1" + blake2b(key, digest_size=32).digest()


def state_key(state: int) -> bytes:
    """The beginning of the keys of a state in the change index."""
    return state.to_bytes(STATE_BYTES, "big")


def key_digest(key: bytes) -> bytes:
    """A short hash of a record's key, which makes the entries of one state in the change index unique."""
    return blake2b(key, digest_size=16).digest()
