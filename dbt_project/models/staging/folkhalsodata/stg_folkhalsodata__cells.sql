{{ stage_cells('folkhalsodata') }}
