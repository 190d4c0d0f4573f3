"""What a run tells: its report and request log, and how things stand since."""
