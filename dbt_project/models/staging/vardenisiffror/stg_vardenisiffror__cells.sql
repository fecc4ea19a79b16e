{{ stage_cells('vardenisiffror') }}
