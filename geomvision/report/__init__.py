"""geomvision.report"""
