OPENQASM 3.0;
include "stdgates.inc";

// The quantum Fourier transform of |1> on sixteen qubits: every outcome is equally likely.
const int n = 16;
qubit[n] q;
bit[n] c;

x q[0];
for int i in [0:n - 1] {
  h q[n - 1 - i];
  for int j in [0:n - 2 - i] {
    cp(pi / 2 ** (n - 1 - i - j)) q[j], q[n - 1 - i];
  }
}
c = measure q;
