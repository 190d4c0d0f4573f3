"""What a run was made of: kept, restored, replayed, and compared with what is published."""
