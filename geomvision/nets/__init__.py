"""Plain torch modules: what methods wrap, and `training` trains."""
