"""Export: the ledger's shifts and timelines for other programs and other readers, as CSV, JSON and an Atom feed."""
