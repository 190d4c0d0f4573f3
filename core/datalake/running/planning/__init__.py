"""What a run wants, by which names, and what that takes; nothing is fetched yet."""
