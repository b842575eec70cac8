"""The desk's page, health and metrics, served by the bot itself."""
