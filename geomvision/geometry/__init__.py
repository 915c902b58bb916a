"""geomvision.geometry"""
