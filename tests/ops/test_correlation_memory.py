import os
import subprocess
import sys

import numpy as np
import pytest

from geomvision import ops

# Prints by how much a lookup raised the peak of the process beyond its output, and the size of the volume it spares.
MEASURE = """
import resource, sys
import numpy as np
from geomvision import ops

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)

along_rows = sys.argv[1] == "rows"
C, H, W = (256, 90, 320) if along_rows else (256, 55, 128)
lookup = ops.correlation_lookup_1d if along_rows else ops.correlation_lookup
features0, features1 = np.ones((2, 1, C, H, W), np.float32)
at = np.zeros((1, H, W) if along_rows else (1, 2, H, W), np.float32)
lookup(features0[..., :8, :16].copy(), features1[..., :8, :16].copy(), at[..., :8, :16].copy(), levels=2)
before = peak()
out = lookup(features0, features1, at, num_threads=4)
print(peak() - before - out.nbytes, 4 * H * W * W * (1 if along_rows else H))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="the peak is read from `resource`")
@pytest.mark.parametrize(("lookup", "share"), [("rows", 10), ("windows", 18)])
def test_a_lookup_takes_a_small_share_of_the_volume(lookup, share):
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, lookup], capture_output=True, text=True, check=True, env=dict(os.environ)
    )
    taken, volume = map(int, done.stdout.split())
    assert taken < volume / share


def test_what_is_kept_between_lookups_is_a_twentieth_of_the_volume():
    packed = ops.correlation_features(np.zeros((1, 256, 55, 128), np.float32))
    assert packed.nbytes <= 4 * (55 * 128) ** 2 / 20
