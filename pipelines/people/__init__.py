"""What people say of posts, which stands above every engine."""
