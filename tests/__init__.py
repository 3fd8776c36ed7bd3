"""What must stay true; the rooms are those of `helpers/` and `tools/`."""
