"""Executions: their states, their store, and what runs, follows and recovers them."""
