"""What a BI tool needs beside the figures: the star, files that connect each tool, and dbt's exposures. Not here: the figures themselves."""
