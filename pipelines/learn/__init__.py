"""Learn from what people say, and take over only where that is proved better."""
