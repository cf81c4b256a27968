"""The aiohttp application: gateways' callbacks on one port, administration on another."""
