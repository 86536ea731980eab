OPENQASM 3.0;
include "stdgates.inc";

// Twenty qubits, all 0 or all 1.
const int n = 20;
qubit[n] q;
bit[n] c;

h q[0];
for int i in [0:n - 2] {
  cx q[i], q[i + 1];
}
c = measure q;
