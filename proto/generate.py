"""Generates proto/python from the .proto files, and the images that buf reads.

    python proto/generate.py             write the modules
    python proto/generate.py --check     fail if the modules differ from what would be written
    python proto/generate.py --image F   write a FileDescriptorSet with comments, for buf lint
    python proto/generate.py --pin       move the checked-in image to the contract as it is now

Needs grpcio-tools, mypy-protobuf and googleapis-common-protos in the running environment. The output depends only on
their versions, which requirements-dev.lock fixes.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import subprocess
import sys
import tempfile
from pathlib import Path

PROTO_ROOT = Path(__file__).resolve().parent
OUTPUT_ROOT = PROTO_ROOT / "python"
PINNED_IMAGE = PROTO_ROOT / "image.binpb"
GENERATED_PATTERNS = ("*_pb2.py", "*_pb2.pyi", "*_pb2_grpc.py", "*_pb2_grpc.pyi")


def sources() -> list[Path]:
    """Return every .proto of the contract, relative to its root, sorted."""
    return sorted(path.relative_to(PROTO_ROOT) for path in (PROTO_ROOT / "proxima").rglob("*.proto"))


def protoc(arguments: list[str], files: list[Path]) -> None:
    """Run protoc over `files`; exits with its status where it fails."""
    common_protos = importlib.metadata.distribution("googleapis-common-protos").locate_file("")
    plugins = Path(sys.executable).parent
    command = [sys.executable, "-m", "grpc_tools.protoc", "-I.", f"-I{common_protos}", *arguments, *map(str, files)]
    environment = {**os.environ, "PATH": f"{plugins}{os.pathsep}{os.environ.get('PATH', '')}"}
    completed = subprocess.run(command, cwd=PROTO_ROOT, env=environment, check=False)
    if completed.returncode != 0:
        sys.exit(completed.returncode)


def generate(target: Path) -> None:
    """Write the modules of every source below `target`; gRPC modules only for files with a service."""
    files = sources()
    with_service = [path for path in files if "\nservice " in (PROTO_ROOT / path).read_text(encoding="utf-8")]
    protoc([f"--python_out={target}", f"--pyi_out={target}"], files)
    protoc([f"--grpc_python_out={target}", f"--mypy_grpc_out=quiet:{target}"], with_service)


def generated_files(root: Path) -> dict[Path, bytes]:
    """Return the generated modules below `root` by relative path."""
    return {path.relative_to(root): path.read_bytes() for pattern in GENERATED_PATTERNS for path in root.rglob(pattern)}


def differences(fresh: dict[Path, bytes], present: dict[Path, bytes]) -> list[Path]:
    """Return the paths that are missing, stale or too many, sorted."""
    return sorted(path for path in fresh.keys() | present.keys() if fresh.get(path) != present.get(path))


def main() -> int:
    """Run the command line; returns the exit status."""
    parser = argparse.ArgumentParser(description="Generate proto/python.")
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument("--check", action="store_true", help="write nothing, fail on a difference")
    mode.add_argument("--image", type=Path, help="write a FileDescriptorSet with comments to this file")
    mode.add_argument("--pin", action="store_true", help="rewrite proto/image.binpb")
    arguments = parser.parse_args()
    if arguments.image is not None:
        image_path = arguments.image.resolve()
        protoc(["--include_imports", "--include_source_info", f"--descriptor_set_out={image_path}"], sources())
        return 0
    if arguments.pin:
        protoc(["--include_imports", f"--descriptor_set_out={PINNED_IMAGE}"], sources())
        return 0
    with tempfile.TemporaryDirectory() as folder:
        generate(Path(folder))
        fresh = generated_files(Path(folder))
    changed = differences(fresh, generated_files(OUTPUT_ROOT))
    if arguments.check:
        for path in changed:
            print(f"proto/python/{path} is not what the .proto files generate; run `just generate`", file=sys.stderr)
        return 1 if changed else 0
    for path in changed:
        target = OUTPUT_ROOT / path
        if path in fresh:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(fresh[path])
        else:
            target.unlink()
        print(f"proto/python/{path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
