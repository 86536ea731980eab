"""The conformance suite: what every backend must pass, whoever wrote it and in whatever language.

    pytest --pyargs proxima_runtime.conformance --backend-module proxima_backend_qiskit
    pytest --pyargs proxima_runtime.conformance --backend-target unix:/run/proxima/qiskit.sock

The suite reads the backend's capabilities and tests all of them, and nothing else. It needs the extra
`proxima-runtime[conformance]`. Importing this package imports nothing; `reference` needs numpy alone, so that a backend
may use it to check its own translation.
"""
