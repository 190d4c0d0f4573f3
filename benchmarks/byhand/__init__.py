"""The same aggregation as somebody would write it for one lake, without guard, checks or rules."""
