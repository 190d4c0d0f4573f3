"""Something to look at: what is published as a static site, or served on this machine."""
