"""Adapter for `halograd conform`: HALOs' DPOTrainer and KTOTrainer, in HALOs' folder."""

from types import SimpleNamespace as Record

import torch
from conform_adapter import Unsupported, serve
from train.trainers import DPOTrainer, KTOTrainer


def trainer_for(question):
    s = question["settings"]
    t = object.__new__({"dpo": DPOTrainer, "kto": KTOTrainer}[question["loss"]])
    weights = (s.get("desirable"), s.get("undesirable"))
    loss = Record(beta=s["beta"], desirable_weight=weights[0])
    loss.undesirable_weight = weights[1]
    t.config = Record(humanline=False, loss=loss)
    t.policy_dtype = getattr(torch, question["dtype"])
    t.accelerator = Record(device=torch.device("cpu"), reduce=lambda x, reduction: x)
    return t


def implementation(question, x):
    if "parts" in question or not (x.get("labels", torch.ones(1)).abs() == 1).all():
        raise Unsupported("parts or advantages")
    rows = {name: y if y.dim() > 1 else y[:, None] for name, y in x.items()}
    for name, mask in question.get(
        "masks", {}
    ).items():  # their log-probabilities are 0
        rows[name] = rows[name] * rows[name].new_tensor(mask)
    given = []
    for model in ("policy", "ref"):
        if question["loss"] == "dpo":
            given += [rows[f"{model}_{y}_logps"] for y in ("chosen", "rejected")]
        else:
            own, liked = rows[f"{model}_logps"], x["labels"] > 0
            given += [own[liked], own[~liked], rows[f"{model}_KL_logps"]]
    return {"loss": trainer_for(question).loss({}, *given)[0].mean()}


serve(implementation)
