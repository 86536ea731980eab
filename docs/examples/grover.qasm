OPENQASM 2.0;
include "qelib1.inc";

// Grover's search for 10110010 among 2^8 = 256 states: after 12 rounds it is found with probability
// sin^2(25 asin(1/16)) = 0.99995. The two qubits of `work` hold products of four bits and end in |0>.

// Flips the sign of the state in which s0 to s7 are all 1.
gate sign_of_ones s0, s1, s2, s3, s4, s5, s6, s7, u, v {
  c4x s0, s1, s2, s3, u;
  c4x s4, s5, s6, s7, v;
  cz u, v;
  c4x s4, s5, s6, s7, v;
  c4x s0, s1, s2, s3, u;
}

gate round s0, s1, s2, s3, s4, s5, s6, s7, u, v {
  // Flip the sign of the state that is searched: its zeros are s0, s2, s3 and s6.
  x s0; x s2; x s3; x s6;
  sign_of_ones s0, s1, s2, s3, s4, s5, s6, s7, u, v;
  x s0; x s2; x s3; x s6;
  // Reflect all amplitudes about their mean, up to a sign.
  h s0; h s1; h s2; h s3; h s4; h s5; h s6; h s7;
  x s0; x s1; x s2; x s3; x s4; x s5; x s6; x s7;
  sign_of_ones s0, s1, s2, s3, s4, s5, s6, s7, u, v;
  x s0; x s1; x s2; x s3; x s4; x s5; x s6; x s7;
  h s0; h s1; h s2; h s3; h s4; h s5; h s6; h s7;
}

qreg q[8];
qreg work[2];
creg c[8];

h q;
round q[0], q[1], q[2], q[3], q[4], q[5], q[6], q[7], work[0], work[1];
round q[0], q[1], q[2], q[3], q[4], q[5], q[6], q[7], work[0], work[1];
round q[0], q[1], q[2], q[3], q[4], q[5], q[6], q[7], work[0], work[1];
round q[0], q[1], q[2], q[3], q[4], q[5], q[6], q[7], work[0], work[1];
round q[0], q[1], q[2], q[3], q[4], q[5], q[6], q[7], work[0], work[1];
round q[0], q[1], q[2], q[3], q[4], q[5], q[6], q[7], work[0], work[1];
round q[0], q[1], q[2], q[3], q[4], q[5], q[6], q[7], work[0], work[1];
round q[0], q[1], q[2], q[3], q[4], q[5], q[6], q[7], work[0], work[1];
round q[0], q[1], q[2], q[3], q[4], q[5], q[6], q[7], work[0], work[1];
round q[0], q[1], q[2], q[3], q[4], q[5], q[6], q[7], work[0], work[1];
round q[0], q[1], q[2], q[3], q[4], q[5], q[6], q[7], work[0], work[1];
round q[0], q[1], q[2], q[3], q[4], q[5], q[6], q[7], work[0], work[1];
measure q -> c;
