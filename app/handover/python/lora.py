"""Adapters beside frozen weights, in PEFT's format: W x + (alpha / r) B A x."""

from __future__ import annotations

import json
import math
import pathlib

import torch
from torch import nn


class Adapted(nn.Module):
    """A frozen module with an adapter. B is 0 at first: nothing is changed."""

    def __init__(self, frozen, inputs, outputs, rank, scale):
        super().__init__()
        self.frozen, self.scale = frozen, scale
        like = next(frozen.parameters())
        self.A = nn.Parameter(torch.empty(rank, inputs).to(like))
        self.B = nn.Parameter(torch.zeros(outputs, rank).to(like))
        nn.init.kaiming_uniform_(self.A, a=math.sqrt(5))

    def forward(self, x):
        return self.frozen(x) + self.scale * (x @ self.A.T @ self.B.T)


def attach(model, config):
    """Adapters on the modules whose names end in a target. All processes draw alike."""
    torch.manual_seed(config.get("seed", 0))
    for parameter in model.parameters():
        parameter.requires_grad_(False)
    adapters = {}
    for name, module in list(model.named_modules()):
        parent, _, own = name.rpartition(".")
        if own in config["target_modules"]:
            shape = module.weight.shape
            linear = isinstance(module, nn.Linear)
            outputs, inputs = shape if linear else (shape[1], shape[0])
            scale = config["lora_alpha"] / config["r"]
            adapted = Adapted(module, inputs, outputs, config["r"], scale)
            setattr(model.get_submodule(parent), own, adapted)
            adapters[name] = adapted
    if not adapters:
        raise SystemExit(f"no module is called {' or '.join(config['target_modules'])}")
    return adapters


def save(adapters, config, directory):
    import plain_model

    folder = pathlib.Path(directory)
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {}
    for name, adapted in adapters.items():
        tensors[f"base_model.model.{name}.lora_A.weight"] = adapted.A
        tensors[f"base_model.model.{name}.lora_B.weight"] = adapted.B
    plain_model.write_tensors(folder / "adapter_model.safetensors", tensors)
    written = {name: value for name, value in config.items() if name != "seed"}
    text = json.dumps(
        {"peft_type": "LORA", "task_type": "CAUSAL_LM", **written}, indent=2
    )
    (folder / "adapter_config.json").write_text(text + "\n", encoding="utf-8")
