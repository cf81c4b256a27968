"""The pure core: text, menus, screens and the step."""
