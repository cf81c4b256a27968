"""A feature phone on a terminal: its screen and keypad, what goes over the wire, and a network that can misbehave.

Only what draws it needs Textual, so that the line mode starts without.
"""
