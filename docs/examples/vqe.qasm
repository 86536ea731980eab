OPENQASM 3.0;
include "stdgates.inc";

// A hardware-efficient ansatz as variational eigensolvers use it: three layers of rotations and a chain of CX on ten
// qubits, and a last layer of rotations, with fixed angles.
const int n = 10;
const int layers = 3;
qubit[n] q;
bit[n] c;

for int layer in [0:layers] {
  for int i in [0:n - 1] {
    ry(0.3 + 0.1 * i + 0.2 * layer) q[i];
    rz(0.7 - 0.1 * i + 0.3 * layer) q[i];
  }
  if (layer < layers) {
    for int i in [0:n - 2] {
      cx q[i], q[i + 1];
    }
  }
}
c = measure q;
