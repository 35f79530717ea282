"""Consents: the consent ledger, with what customers agreed to and who was erased; no predictions and no HTTP."""
