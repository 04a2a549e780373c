"""The `alam` command, one module a sub-command."""
