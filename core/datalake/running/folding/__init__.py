"""From series to the rows of canonical assets, and what is told beside them."""
