"""The loss of `halo_loss.py` as a loss function of NeMo-RL. Written for its main branch
(`nemo_rl/algorithms/loss/interfaces.py` read at commit 002cdc2, 2026); it was run
against a stand-in for NeMo-RL only.

Pairs come as rows, chosen and rejected in turn, as NeMo-RL's DPO has them; tokens with
advantages as its policy-gradient losses do. Parts of a batch add up, because they are
divided by `global_valid_seqs` or `global_valid_toks`.
"""

from __future__ import annotations

from typing import Any

import torch
from nemo_rl.algorithms.loss.interfaces import LossInputType, LossType

import check_parity
import halo_loss

PAIRED = "pair" in halo_loss.NEEDS


class HaloLossFn:
    loss_type = LossType.SEQUENCE_LEVEL if PAIRED else LossType.TOKEN_LEVEL
    input_type = LossInputType.LOGPROB

    def __init__(self) -> None:
        if halo_loss.STATISTIC_READS or halo_loss.WHOLE_BATCH:
            raise ValueError(
                f"{halo_loss.NAME} compares with a statistic of the whole batch, and a"
                " loss function of NeMo-RL sees one micro-batch: use train.py"
            )
        if not PAIRED and not halo_loss.NEEDS <= {"outcome", "label", "reference"}:
            raise ValueError(f"{halo_loss.NAME} needs what NeMo-RL does not give")
        check_parity.require()

    def __call__(
        self,
        data: Any,
        global_valid_seqs: torch.Tensor,
        global_valid_toks: torch.Tensor,
        **kwargs: Any,
    ) -> tuple[torch.Tensor, dict[str, Any]]:
        logps = kwargs["next_token_logprobs"]
        mask = data["token_mask"][:, 1:] * data["sample_mask"][:, None]
        if PAIRED:
            return self._pairs(data, logps, mask, global_valid_seqs)
        reference = data["prev_logprobs"][:, 1:]
        losses = halo_loss.per_token(logps, reference, data["advantages"][:, 1:])
        loss = (losses * mask).sum() / global_valid_toks
        count = data["sample_mask"].sum().item()
        return loss, {"loss": loss.item(), "num_valid_samples": count}

    def _pairs(self, data, logps, mask, global_valid_seqs):
        reference = None
        if "reference" in halo_loss.NEEDS:
            reference = data["reference_policy_logprobs"][:, : logps.shape[1]]
        both = halo_loss.of_tokens(logps, reference, mask)
        chosen, rejected = (
            halo_loss.Completion(*(None if x is None else x[i::2] for x in both))
            for i in (0, 1)
        )
        batch = halo_loss.Batch(chosen=chosen, rejected=rejected)
        outcome, valid = halo_loss.evaluate(batch), data["sample_mask"][::2]
        losses = sum(t.numerator / t.denominator.clamp(min=1) for t in outcome.terms)
        loss = (losses * valid).sum() / (global_valid_seqs / 2)
        found = halo_loss.means(halo_loss.metrics(batch, outcome, valid))
        return loss, {**found, "loss": loss.item(), "num_valid_samples": valid.sum()}
