"""The processes of docker-compose.yml on this machine's loopback, for tests and for trying things out."""
