OPENQASM 3.0;
include "stdgates.inc";

// A Bell pair by measuring a parity, repeated until the parity is even, five rounds at most: `out` is 00 or 11 with equal
// probability where `odd` ends as 0, which it does but for 1 run in 32.
const int rounds = 5;
qubit[2] q;
qubit parity;
bit odd;
bit[2] out;

gate measure_parity a, b, p { cx a, p; cx b, p; }

h q;
measure_parity q[0], q[1], parity;
odd = measure parity;

for int i in [2:rounds] {
  if (odd) {
    reset q;
    reset parity;
    h q;
    measure_parity q[0], q[1], parity;
    odd = measure parity;
  }
}
out = measure q;
