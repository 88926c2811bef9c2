"""What those who watch are shown: Prometheus' metrics, OpenTelemetry's traces and metrics. Nothing global is touched."""
