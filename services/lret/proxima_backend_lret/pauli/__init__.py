"""The exact engine: vectors of Pauli coefficients of components that are joined as late as possible."""
