"""The engine `qlret`: upstream LRET, where its package is installed in this backend's environment.

`gates`, `offer` and `estimate` are for the service process, which imports neither numpy nor qlret; `circuit`, `native`,
`check` and `simulate` are for the worker.
"""
