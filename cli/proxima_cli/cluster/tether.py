"""Ties a service to the supervisor, then becomes it: `python -I -S tether.py SUPERVISOR_PID COMMAND...`.

The kernel kills the process when the supervisor dies, from its first instruction on and whatever it is doing.
Standard library only: it runs in the supervisor's interpreter and is replaced by the service's.
"""

import ctypes
import os
import resource
import signal
import sys

PR_SET_PDEATHSIG = 1


def main() -> None:
    """Set the parent-death signal, close the race with a parent that is dead already, and execute the command."""
    supervisor, command = int(sys.argv[1]), sys.argv[2:]
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")
    if os.getppid() != supervisor:
        sys.exit(0)
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
    try:
        os.execv(command[0], command)  # noqa: S606  # an argument list, never a shell
    except OSError as error:
        sys.exit(f"{command[0]}: {error.strerror}; `proxima down` and `proxima up` install it again")


if __name__ == "__main__":
    main()
