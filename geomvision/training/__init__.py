"""geomvision.training"""
