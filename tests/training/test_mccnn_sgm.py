import numpy as np
import pytest
import torch

from geomvision import training, weights
from geomvision.nets.mc_cnn import MCCNNFast
from geomvision.training.mccnn_sgm import MARGIN, Strip, Task
from geomvision.training.recipe import Recipe


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("mccnn")


@pytest.fixture(scope="module")
def outcome(folder):
    return training.run("stereo/mccnn_sgm", out=folder, size="tiny", steps=60, num_threads=1, progress=False)


def test_it_learns_to_prefer_the_true_match(outcome, folder):
    task = Task(Recipe.read("mccnn_sgm", "tiny"), folder)
    torch.manual_seed(task.recipe.seed)
    before = task.validate(task.net())
    assert outcome.scores.keys() == before.keys()
    for name, score in outcome.scores.items():
        assert score < 0.8 * before[name]


def test_the_card_says_what_the_weights_are(outcome):
    state, card = weights.load(outcome.weights)
    assert (card.name, card.task, card.steps) == ("mc_cnn", "stereo/mccnn_sgm", 60)
    weights.put_into(MCCNNFast(**card.arguments), state, card)


def test_the_loss_is_the_hinge_of_the_paper(outcome, folder):
    class Flat(torch.nn.Module):
        def forward(self, images):
            return torch.ones(1, 1, *images.shape[2:])

    task = Task(Recipe.read("mccnn_sgm", "tiny"), folder)
    assert task.loss(Flat(), Strip(scene=0)).item() == pytest.approx(MARGIN)  # all alike: the margin is missed whole


def test_a_strip_is_grey_and_bent_for_each_eye_alone():
    image = np.full((60, 4, 3), 51, np.uint8)  # 0.2 of white
    strip = Strip(scene=0, top=10, rows=5, gamma=(1.0, 2.0))
    assert strip.at(image, 0).shape == (1, 1, 5, 4)
    assert strip.at(image, 0).unique().numpy() == pytest.approx([0.2], abs=1e-3)
    assert strip.at(image, 1).unique().numpy() == pytest.approx([0.04], abs=1e-3)
