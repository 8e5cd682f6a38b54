"""Idempotent use-cases: what the commands, the pages and the clock do, each in one place.

Each takes the running `Product` and opens its own transactions. They join what the contexts below decide and store.
"""
