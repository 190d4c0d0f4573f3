"""One run, from the universe to the report: each module is one stage or what it hands on."""
