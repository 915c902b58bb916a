"""Small nets with random weights, as methods."""

import pytest

import geomvision as gv

#: Class of the net and its arguments, by method.
NETS = {
    "stereo/dispnet": ("dispnet.DispNet", {"width": 4}),
    "stereo/psmnet": ("psmnet.PSMNet", {"width": 4, "blocks": [1, 1, 1, 1]}),
    "stereo/gwcnet": ("gwcnet.GwcNet", {"width": 4, "joined": 2, "groups": 4, "blocks": [1, 1, 1, 1]}),
    "flow/flownet_s": ("flownet.FlowNetS", {"width": 4, "mean": "pair"}),
    "flow/raft_s": ("raft.RAFTSmall", {"enlarge": 2}),
    "depth/eigen": ("eigen.Eigen", {"width": 6, "hidden": 16, "fine": 4, "size": [76, 100]}),
    "depth/monodepth": ("monodepth.Monodepth", {"width": 4}),
    "depth/monodepth2": ("monodepth2.Monodepth2", {"width": 4, "feed": [64, 96]}),
}


@pytest.fixture(scope="session")
def small(tmp_path_factory):
    """From the name of a method and its options to the method, of a net with few channels."""
    import importlib

    torch = pytest.importorskip("torch")
    from geomvision import weights

    folder = tmp_path_factory.mktemp("small")

    def made(name, **options):
        place, arguments = NETS[name]
        task, method = name.split("/")
        path = folder / f"{method}.safetensors"
        if not path.exists():
            module, kind = place.split(".")
            torch.manual_seed(3)
            net = getattr(importlib.import_module(f"geomvision.nets.{module}"), kind)(**arguments)
            told = dict.fromkeys(("kind", "network", "input_rule", "training_data", "sha256"), "")
            card = weights.Card(
                **told, name=method, task=name, arguments=arguments, parameters=0, seed=0, steps=0,
                licence="CC-BY-NC-4.0", commercial_use=False,
            )  # fmt: skip
            weights.save(path, net, card)
        return getattr(gv, task).METHODS[method](weights=str(path), **options)

    return made
