"""OpenQASM 2 and 3 front end: text in, columns out, bounded in time and memory."""
