"""The gRPC services: convert in, call one function, convert out."""
