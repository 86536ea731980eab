"""The local cluster: one supervisor, its services on Unix sockets, each in an environment of its own.

A command finds the supervisor by its control socket, or starts it. Everything dies with the supervisor.
"""
