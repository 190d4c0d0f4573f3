"""What a lake and a provider's list of coins have to say about a mapping, for whoever edits it."""
