"""Adapter for `halograd conform`: TRL's KTOTrainer (1.x), with a model of two tokens."""

from collections import defaultdict
from types import SimpleNamespace as Record

import torch
from conform_adapter import Unsupported, serve
from trl import KTOTrainer


def model(input_ids, **_):
    p = model.logps[input_ids[:, 0]]
    rest = torch.log(-torch.expm1(p.clamp(max=-1e-12)))
    return Record(logits=torch.stack((rest, p), dim=-1)[:, None].expand(-1, 2, -1))


def implementation(question, x):
    odd = {"masks", "parts"} & set(question) or not (x["labels"].abs() == 1).all()
    if odd or question["dtype"] != "float64":
        raise Unsupported("masks, parts, advantages or other dtypes")
    n, settings = len(x["labels"]), question["settings"]
    model.logps = torch.cat((x["policy_logps"], x["policy_KL_logps"]))
    batch = {"label": x["labels"] > 0, **x}
    for prefix, start in (("", 0), ("KL_", n)):
        first = torch.arange(start, start + n)
        batch[prefix + "input_ids"] = torch.stack((first, torch.ones_like(first)), -1)
        batch[prefix + "attention_mask"] = torch.ones(n, 2, dtype=torch.long)
        batch[prefix + "completion_mask"] = torch.tensor([[0, 1]] * n)
    t = object.__new__(KTOTrainer)
    t.accelerator = Record(gather_for_metrics=lambda y: y, device=torch.device("cpu"))
    t.beta, t.desirable_weight = settings["beta"], settings["desirable"]
    t.undesirable_weight, t.loss_type = settings["undesirable"], "kto"
    t.model, t._total_train_tokens = Record(training=True), 0
    t.calculate_KL = t.precompute_ref_logps = True
    t.aux_loss_enabled = t.use_liger_kernel = False
    t._metrics = defaultdict(lambda: defaultdict(list))
    return {"loss": t._compute_loss(model, batch, False)}


serve(implementation)
