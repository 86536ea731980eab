"""What every Proxima service is built with: errors, channels, servers, settings, logs, metrics."""
