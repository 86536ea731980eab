"""A channel as one matrix on Cirq's density matrix, through Cirq's protocol for fast channels (`_apply_channel_`).

Cirq by itself adds up K rho K^dagger over the Kraus operators, each in several passes; one product with the 4^k x 4^k
matrix of the channel takes a few passes for any number of operators. Measured for n = 10, complex128: depolarizing on
one qubit 75 ms against 9 ms, on two qubits 513 ms against 10 ms.
"""

from __future__ import annotations

import cirq
import numpy as np
import numpy.typing as npt
from proxima_runtime.arrays.channels import superoperator

State = npt.NDArray[np.complexfloating]
Complex = npt.NDArray[np.complex128]


class Superoperator(cirq.Gate):
    """rho -> sum K rho K^dagger on k qubits, Cirq's order: the first qubit is the most significant.

    The operators need not preserve the trace, as the two halves of a measurement do not.
    """

    def __init__(self, operators: Complex) -> None:
        self._operators = operators
        self._matrix: Complex | None = None

    def _num_qubits_(self) -> int:
        return int(self._operators.shape[1]).bit_length() - 1

    def _has_kraus_(self) -> bool:
        return True

    def _kraus_(self) -> tuple[Complex, ...]:
        return tuple(self._operators)

    def _apply_channel_(self, args: cirq.ApplyChannelArgs) -> State:
        """Change the matrix in place by way of two of Cirq's buffers, those that gates touch too."""
        if self._matrix is None:
            self._matrix = superoperator(self._operators)
        target: State = args.target_tensor
        axes = [*args.left_axes, *args.right_axes]
        first = range(len(axes))
        gathered, product = _scratch(args.auxiliary_buffer0), _scratch(args.out_buffer)
        moved = np.moveaxis(target, axes, first)
        np.copyto(gathered.reshape(moved.shape), moved)
        rows = 1 << len(axes)
        np.matmul(self._matrix.astype(target.dtype), gathered.reshape(rows, -1), out=product.reshape(rows, -1))
        np.copyto(target, np.moveaxis(product.reshape(moved.shape), first, axes))
        return target


def _scratch(buffer: State) -> State:
    """Return a flat, contiguous array to write into: the buffer itself unless its layout forbids."""
    return buffer.reshape(-1) if buffer.flags.c_contiguous else np.empty(buffer.size, dtype=buffer.dtype)
