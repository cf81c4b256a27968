"""The handset on the terminal, and the operators' side of every gateway."""
