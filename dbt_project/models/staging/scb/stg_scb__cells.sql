{{ stage_cells('scb') }}
