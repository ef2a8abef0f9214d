"""What posts say: pure functions from texts to language, sentiment, intents, flags and topics; no files, no tables."""
