"""A recording session: a hundred sentences that a speaker reads, each checked as soon as its file is there."""
