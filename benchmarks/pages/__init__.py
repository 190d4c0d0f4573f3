"""The same chart of the same file, as somebody would write its page with each library."""
