"""What the command imports before it has something to do."""

import subprocess
import sys


def test_help_imports_nothing_heavy() -> None:
    """`proxima --help` needs no grpc, numpy, rich or asyncio: that is what keeps it fast."""
    code = (
        "import sys\n"
        "from proxima_cli.app import app\n"
        "try:\n    app(['--help'])\nexcept SystemExit:\n    pass\n"
        "print(sorted({'grpc', 'google', 'numpy', 'rich', 'asyncio', 'pydantic'} & set(sys.modules)), "
        "file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "Usage" in done.stdout
    assert done.stderr.strip() == "[]"


def test_the_client_does_not_import_simulators() -> None:
    """Qiskit and Cirq are imported only for an object of theirs."""
    code = "import sys, proxima_client; print({'qiskit', 'cirq'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
