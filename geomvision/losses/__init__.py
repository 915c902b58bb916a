"""geomvision.losses"""
