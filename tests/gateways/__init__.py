"""The gateways' wire formats."""
