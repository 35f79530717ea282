"""Online store: packed feature rows by customer and view, on LMDB or Redis; no Feast, which is in store/."""
