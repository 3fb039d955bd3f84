"""Rules over columns: what the plain rules decide for one message, for a frame of them at once."""
