{{ stage_cells('socialstyrelsen') }}
