# Everything that is done to this project more than once. CI runs the same recipes. `just` alone lists them.
#
# The tools come from an environment made with
#   python3 -m venv .venv && .venv/bin/pip install --require-hashes -r requirements-dev.lock
# PROXIMA_VENV names another one.

set shell := ["bash", "-euo", "pipefail", "-c"]

root := justfile_directory()
venv := env("PROXIMA_VENV", root / ".venv")
state := root / ".proxima"
python := venv / "bin/python"
uv := venv / "bin/uv"
reports := state / "reports"
selection := env("PROXIMA_TEST_SELECTION", "not slow")
backends := "qiskit cirq lret"
locks := "services/qiskit/requirements.lock services/qiskit/requirements-test.lock services/cirq/requirements.lock services/cirq/requirements-test.lock services/lret/requirements.lock services/lret/requirements-test.lock docs/examples/stim/requirements.lock docs/examples/stim/requirements-test.lock services/orchestrator/requirements.lock cli/requirements.lock requirements-dev.lock requirements-docs.lock"

export PATH := venv / "bin" + ":" + env("PATH")
export OMP_NUM_THREADS := env("OMP_NUM_THREADS", "1")

# List the recipes
default:
    @just --list --unsorted

# --- contract ---------------------------------------------------------------------------------------------------------

# Write proto/python from the .proto files
generate:
    {{python}} proto/generate.py

# Fail if proto/python is not what the .proto files generate
generate-check:
    {{python}} proto/generate.py --check

# Lint the contract, check its format, and that nothing in it breaks the checked-in image
buf:
    #!/usr/bin/env bash
    set -euo pipefail
    image=$(mktemp --suffix=.binpb)
    trap 'rm -f "$image"' EXIT
    {{python}} proto/generate.py --image "$image"
    buf lint "$image" --config proto/buf.yaml
    buf format proto --diff --exit-code
    buf breaking "$image" --against proto/image.binpb --config proto/buf.yaml

# Move the image that breaking changes are measured against (at a release, or for an addition); see docs/compatibility.md
pin:
    {{python}} proto/generate.py --pin

# --- locks ------------------------------------------------------------------------------------------------------------

# Write every lock; versions that are locked stay unless a requirement forbids them or `just lock --upgrade` lets go of them
lock *options:
    @just _lock {{options}}

# Fail if a lock does not follow from its pyproject.toml
lock-check:
    #!/usr/bin/env bash
    set -euo pipefail
    fresh=$(mktemp -d)
    trap 'rm -rf "$fresh"' EXIT
    cp --parents pyproject.toml */pyproject.toml */*/pyproject.toml docs/examples/*/pyproject.toml {{locks}} "$fresh"
    just --justfile justfile --working-directory "$fresh" _lock
    stale=0
    for lock in {{locks}}; do
        diff -u "$lock" "$fresh/$lock" || { echo "$lock is stale: run \`just lock\`" >&2; stale=1; }
    done
    exit $stale

compile := uv + " pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-package proxima-protos --no-emit-package proxima-runtime --custom-compile-command 'just lock'"

[private]
[no-cd]
_lock *options:
    @for folder in $(printf 'services/%s ' {{backends}}) docs/examples/stim; do \
        {{compile}} {{options}} $folder/pyproject.toml -o $folder/requirements.lock; \
        {{compile}} {{options}} $folder/pyproject.toml --group pyproject.toml:backend-tests -c $folder/requirements.lock -o $folder/requirements-test.lock; \
    done
    @{{compile}} {{options}} services/orchestrator/pyproject.toml -o services/orchestrator/requirements.lock
    @{{compile}} {{options}} cli/pyproject.toml -c services/orchestrator/requirements.lock -o cli/requirements.lock
    @{{compile}} {{options}} --group pyproject.toml:dev services/orchestrator/pyproject.toml cli/pyproject.toml -c services/orchestrator/requirements.lock -c cli/requirements.lock -o requirements-dev.lock
    @{{compile}} {{options}} --group pyproject.toml:docs -o requirements-docs.lock

# --- environments -----------------------------------------------------------------------------------------------------

# Put the projects into the development environment, and make one for each backend's tests under .proxima/
environments:
    #!/usr/bin/env bash
    set -euo pipefail
    install() { "{{uv}}" pip install --quiet --no-deps --no-build-isolation --python "$@"; }
    install {{python}} -e proto/python -e services/runtime -e services/orchestrator -e cli
    for folder in $(printf 'services/%s ' {{backends}}) docs/examples/stim; do
        environment={{state}}/test/${folder##*/}
        [ -x "$environment/bin/python" ] || "{{uv}}" venv --quiet --python {{python}} "$environment"
        # Compiled here, because workers are started over and over: Cirq imports in 2 s instead of 9 s, and
        # PYTHONDONTWRITEBYTECODE, which images of CI systems like to set, would keep it so.
        "{{uv}}" pip sync --quiet --compile-bytecode --require-hashes --python "$environment/bin/python" $folder/requirements-test.lock
        install "$environment/bin/python" -e proto/python -e services/runtime -e $folder
    done

# --- checks -----------------------------------------------------------------------------------------------------------

# Format the Python and the .proto files
format:
    ruff format
    ruff check --fix-only --quiet
    buf format -w proto

# Everything that can be said without running the code
check: generate-check buf lint types imports

# ruff: rules and format
lint:
    ruff check
    ruff format --check

# mypy --strict, each project against the environment that it runs in
types:
    @{{python}} -m mypy proto/generate.py .ci/summary.py
    @just _types services/runtime {{venv}} proxima_runtime tests
    @just _types services/orchestrator {{venv}} proxima_orchestrator tests
    @just _types cli {{venv}} proxima_client proxima_cli tests
    @just _types . {{venv}} tests
    @just _types docs/examples/backend {{venv}} example_backend
    @just _types docs/examples/lret {{venv}} .
    @just _types docs/examples/stim {{state}}/test/stim stim_backend tests
    @for backend in {{backends}}; do just _types services/$backend {{state}}/test/$backend proxima_backend_$backend tests; done

[private]
_types project environment *folders:
    @cd {{project}} && MYPYPATH={{root}}/proto/python:{{root}}/services/runtime:{{root}}/services/orchestrator:{{root}}/cli:. \
        {{python}} -m mypy --config-file {{root}}/pyproject.toml --cache-dir {{root}}/.mypy_cache/{{project}} \
        --python-executable {{environment}}/bin/python {{folders}}

# import-linter: who may import whom
imports:
    PYTHONPATH=proto/python:services/runtime:services/orchestrator:services/qiskit:services/cirq:services/lret:cli lint-imports --no-cache

# --- tests ------------------------------------------------------------------------------------------------------------

# What CI runs: environments, locks, all checks, all tests but the slow ones. Ends with the counts of all of them
test: environments lock-check check tests

# All tests but the slow ones, each project in its own environment; two groups at a time, shown when one has ended
tests: && _summary
    #!/usr/bin/env bash
    set -uo pipefail
    rm -rf {{reports}}
    mkdir -p {{reports}}
    lane() { for group in "$@"; do just _group "$group" > {{reports}}/$group.log 2>&1; cat {{reports}}/$group.log; done; }
    # What starts whole clusters shares a lane: each of them is as much as two processors can start at a time.
    lane cli root qiskit example stim &
    lane orchestrator runtime lret cirq &
    wait

# One of the groups of tests
[private]
_group name:
    #!/usr/bin/env bash
    set -euo pipefail
    echo "== {{name}}"
    case {{name}} in
        runtime|orchestrator) just _pytest {{name}} {{venv}} services/{{name}} tests ;;
        # The conversions need a simulator's circuits: they run in the backends' environments.
        cli) just _pytest cli {{venv}} cli tests --ignore-glob='*/test_*_circuits.py' ;;
        example) just _conformance example docs/examples/backend example_backend ;;
        root) just _pytest root {{venv}} . tests ;;
        lret) just _pytest lret {{state}}/test/lret services/lret tests ;;
        stim) just _pytest stim {{state}}/test/stim docs/examples/stim tests ;;
        *)
            just _pytest {{name}} {{state}}/test/{{name}} services/{{name}} tests || status=$?
            PYTHONPATH={{root}}/cli just _pytest {{name}}-circuits {{state}}/test/{{name}} cli tests/test_{{name}}_circuits.py || status=$?
            exit ${status:-0} ;;
    esac

# The tests of one project: just test-one orchestrator -k store
test-one project *options:
    #!/usr/bin/env bash
    set -euo pipefail
    case {{project}} in
        root) folder=. environment={{venv}} ;;
        cli) folder=cli environment={{venv}} ;;
        qiskit|cirq|lret) folder=services/{{project}} environment={{state}}/test/{{project}} ;;
        stim) folder=docs/examples/stim environment={{state}}/test/stim ;;
        *) folder=services/{{project}} environment={{venv}} ;;
    esac
    cd "$folder" && "$environment/bin/python" -m pytest -c {{root}}/pyproject.toml --rootdir . -m "{{selection}}" tests {{options}}

# The slow tests: before a release
test-slow: environments
    PROXIMA_TEST_SELECTION=slow just tests

[private]
_pytest name environment folder *paths:
    @cd {{folder}} && {{environment}}/bin/python -m pytest -q -c {{root}}/pyproject.toml --rootdir . -m "{{selection}}" \
        --junitxml {{reports}}/{{name}}.xml {{paths}}

# The suite of every backend, on the one of the documentation
[private]
_conformance name folder module:
    @cd {{folder}} && {{python}} -m proxima_runtime.conformance --backend-module {{module}} -q -c {{root}}/pyproject.toml \
        --rootdir . -m "{{selection}}" --junitxml {{reports}}/{{name}}.xml

[private]
_summary:
    @{{python}} .ci/summary.py {{reports}} runtime orchestrator cli {{backends}} qiskit-circuits cirq-circuits example stim root

# The scenarios on one stack: just scenarios local, just scenarios compose -k bell
scenarios stack="local" *options:
    PROXIMA_SCENARIOS={{stack}} {{python}} -m pytest -q --rootdir . -m "{{selection}}" tests/scenarios {{options}}

# --- containers -------------------------------------------------------------------------------------------------------

# Build the images, start the stack in containers, and wait until it serves at 127.0.0.1:7070; see docs/containers.md
up *options:
    docker compose up --build --wait {{options}}

# Stop the stack in containers; the volume with all results stays, unless: just down --volumes
down *options:
    docker compose down {{options}}

# --- benchmarks -------------------------------------------------------------------------------------------------------

# Proxima side by side with its peers: all benchmarks, or those named: just bench overhead parser, just bench lret --short
bench *names: environments
    {{python}} -m tests.benchmarks {{names}}

# --- the rest ---------------------------------------------------------------------------------------------------------

# Build the documentation into site/, strictly
docs:
    #!/usr/bin/env bash
    set -euo pipefail
    environment={{state}}/docs
    [ -x "$environment/bin/python" ] || "{{uv}}" venv --quiet --python {{python}} "$environment"
    "{{uv}}" pip sync --quiet --require-hashes --python "$environment/bin/python" requirements-docs.lock
    NO_MKDOCS_2_WARNING=1 "$environment/bin/mkdocs" build --strict --quiet
