import subprocess
import sys


def test_a_net_in_use_loads_neither_the_compiler_of_torch_nor_its_algebra():
    code = (
        "import sys, numpy as np, geomvision as gv\n"
        "left = np.random.default_rng(0).integers(0, 255, (64, 96, 3), dtype=np.uint8)\n"
        "found = gv.stereo.FastStereo(max_disparity=16)(left, np.roll(left, -4, axis=1))\n"
        "assert np.median(found.px) > 3\n"
        "print([name for name in ('torch._dynamo', 'sympy') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
