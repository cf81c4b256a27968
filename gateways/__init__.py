"""One module a gateway: the file's name is its name, `decode` and `encode` are its wire format."""
