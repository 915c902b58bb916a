"""geomvision.benchmark"""
