"""Import and export: files to rows, columns to fields, texts to values, and records to CSV."""
