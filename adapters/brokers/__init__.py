"""Brokers between gateways and workers: embedded, RabbitMQ, and a double."""
