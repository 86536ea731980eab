"""The `proxima` command."""

import sys

from proxima_cli.app import app

__all__ = ["main"]


def main() -> None:
    """Run the command line and end the process with its exit code."""
    try:
        app(prog_name="proxima")
    except KeyboardInterrupt:
        print("proxima: interrupted", file=sys.stderr)
        sys.exit(130)
    except BrokenPipeError:
        # The reader of our output has left, as `head` does.
        sys.stderr.close()
        sys.exit(141)


if __name__ == "__main__":
    main()
