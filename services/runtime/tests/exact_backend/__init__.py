"""A backend of every feature, for testing the conformance suite: it must pass, and each of its defects must not."""
