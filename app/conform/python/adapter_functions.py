"""Adapter for `halograd conform`: plain functions of torch, here DPO and KTO.

halograd conform --loss kto --command 'python adapter_functions.py'
"""

import torch
import torch.nn.functional as F

from conform_adapter import Unsupported, serve


def dpo(settings, x):
    chosen = settings["beta"] * (x["policy_chosen_logps"] - x["ref_chosen_logps"])
    rejected = settings["beta"] * (x["policy_rejected_logps"] - x["ref_rejected_logps"])
    losses = -F.logsigmoid(chosen - rejected)
    return losses, {"chosen": chosen, "rejected": rejected}


def kto(settings, x):
    rewards = settings["beta"] * (x["policy_logps"] - x["ref_logps"])
    kl = settings["beta"] * (x["policy_KL_logps"] - x["ref_KL_logps"])
    z0 = kl.mean().detach().clamp(min=0)
    good = settings["desirable"] * (1 - torch.sigmoid(rewards - z0))
    bad = settings["undesirable"] * (1 - torch.sigmoid(z0 - rewards))
    return torch.where(x["labels"] > 0, good, bad), rewards


def implementation(question, inputs):
    if "masks" in question or "parts" in question:
        raise Unsupported("masks or parts")
    if not all(abs(label) == 1 for label in question["inputs"].get("labels", [])):
        raise Unsupported("advantages")
    losses, rewards = {"dpo": dpo, "kto": kto}[question["loss"]](
        question["settings"], inputs
    )
    return {"loss": losses.mean(), "losses": losses, "rewards": rewards}


serve(implementation)
