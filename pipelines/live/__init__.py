"""What a running campaign has come to, counted as the lake grows."""
