"""The pure core: menus, screens and one step of a session. No I/O, clock, randomness or logging."""
