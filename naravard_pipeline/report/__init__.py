"""The monthly status report of a framework or a place: a page and a PDF of two sides, from published releases only. Never from the warehouse."""
