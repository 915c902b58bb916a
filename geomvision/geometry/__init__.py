"""Geometry of one, two and more views: what lies between cameras and methods."""

__all__: list[str] = []
