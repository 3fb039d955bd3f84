"""Reports: what the lake, a workspace and this machine say of themselves, as data and for a reader."""
