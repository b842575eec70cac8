"""Pictures of the ledger: a position's timeline as SVG for the page and as PNG for Slack, from one geometry."""
