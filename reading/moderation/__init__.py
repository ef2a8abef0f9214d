"""What in a post a community's guidelines may be about: abuse, people who may need help, personal data, spam."""
