"""Transcripts: what was dialled, typed and shown, in a text that people can read and write, and `ussd test` replays."""
