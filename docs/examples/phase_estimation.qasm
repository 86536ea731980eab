OPENQASM 3.0;
include "stdgates.inc";

// Phase estimation with four bits: the eigenvalue of `turn` is exp(2 pi i 5/16), and `out` is always 0101, which is 5.
// Powers and controls of a gate, and the inverse of a defined one, are written as modifiers.
gate turn a { p(2 * pi * 5 / 16) a; }

gate fourier a, b, c, d {
  h d;
  cp(pi / 2) c, d;
  cp(pi / 4) b, d;
  cp(pi / 8) a, d;
  h c;
  cp(pi / 2) b, c;
  cp(pi / 4) a, c;
  h b;
  cp(pi / 2) a, b;
  h a;
  swap a, d;
  swap b, c;
}

qubit[4] count;
qubit target;
bit[4] out;

x target;
h count;
for int i in [0:3] {
  ctrl @ pow(2 ** i) @ turn count[i], target;
}
inv @ fourier count[0], count[1], count[2], count[3];
out = measure count;
