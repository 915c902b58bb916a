"""geomvision.io"""
