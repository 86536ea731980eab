"""The orchestrator: plans, selects, runs and keeps executions; never imports a simulator."""
