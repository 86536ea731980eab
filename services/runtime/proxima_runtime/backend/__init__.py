"""What a simulator backend is built with: the engine seam, the servicer and its worker processes."""
