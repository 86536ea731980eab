"""Noise models and their expansion into channel instructions. Pure: no gRPC, no asyncio, no I/O.

The channels and the rules by which they attach are stated in docs/noise.md.
"""
