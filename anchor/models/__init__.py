"""Models that are fetched once and used offline: which there are, whether they are here, and fetching them."""
