"""SMPP 3.4: the engine as an ESME that binds to an operator's SMSC, and USSD dialogues over that link."""
