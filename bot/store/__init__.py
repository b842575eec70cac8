"""The database: the tables, their revisions, and the queries, one module per noun."""
