"""Sources with made-up figures, so that everything runs without network. The rest of the project knows nothing of this room but a base URL."""
