"""What can be wrong with a noise model, apart from its numbers."""

__all__ = ["NoiseError"]


class NoiseError(Exception):
    """A rule cannot attach as it says; `rule` is its index and the message says why and what to do."""

    def __init__(self, rule: int, message: str) -> None:
        super().__init__(message)
        self.rule = rule
