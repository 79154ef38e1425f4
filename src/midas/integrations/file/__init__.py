"""Files of your own: CSV, TSV and Parquet."""
