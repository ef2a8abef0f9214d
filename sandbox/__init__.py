"""A small community and a local server that speaks the networks' APIs over real HTTP, for the demo and for tests."""
