OPENQASM 3.0;
include "stdgates.inc";

// Teleportation with corrections: the state prepared on q[0] arrives on q[2], whatever the two measurements say. `check`
// undoes the preparation there, so that it is always 0.
gate prepare a { ry(0.7) a; rz(1.9) a; }

qubit[3] q;
bit[2] m;
bit check;

prepare q[0];

// A Bell pair between q[1] and q[2].
h q[1];
cx q[1], q[2];

// The measurement in the Bell basis.
cx q[0], q[1];
h q[0];
m[0] = measure q[0];
m[1] = measure q[1];

// The corrections.
if (m[1]) x q[2];
if (m[0]) z q[2];

inv @ prepare q[2];
check = measure q[2];
