"""Market facts as dated tables, each row with its source; tools/make_tables.py writes them from sources/."""
