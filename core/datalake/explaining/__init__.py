"""A published number taken apart: what it was made of, by which rule, and if it still adds up."""
