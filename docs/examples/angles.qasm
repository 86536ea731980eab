OPENQASM 3.0;
include "stdgates.inc";

// Gates with angles of seventeen digits. The same circuit built from Qiskit's or Cirq's gates has the same columns, bit for
// bit; the tests of Proxima read the rows from this file.
qubit[3] q;

h q[0];
rx(0.30000000000000004) q[0];
ry(1.5707963267948968) q[1];
rz(-2.7182818284590451) q[2];
crx(0.10000000000000002) q[0], q[1];
cry(-0.57721566490153287) q[1], q[2];
crz(3.1415926535897936) q[2], q[0];
cx q[0], q[2];
s q[1];
t q[2];
cz q[1], q[0];
swap q[0], q[1];
ccx q[2], q[0], q[1];
