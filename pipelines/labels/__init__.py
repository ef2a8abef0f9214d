"""What people say of posts: drawing posts to ask about, asking, and keeping every answer."""
