"""geomvision.nets"""
