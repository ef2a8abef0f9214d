"""`earshot.toml`: what to listen for, and whose credentials it takes."""
