"""The loss of `halo_loss.py` in TRL's trainers. Written for TRL 1.x (read at 1.10.0.dev0,
commit f2cd577, July 2026); it was run against a stand-in for TRL only.

    from trl_trainer import HaloTrainer     # instead of KTOTrainer, or DPOTrainer

Only `compute_loss` is overridden. It sees one micro-batch: what the loss must know of
the whole batch is pooled over ranks, but cannot be over accumulated micro-batches, so
`gradient_accumulation_steps` must be 1 for losses that have such a reference point.
"""

from __future__ import annotations

import torch
import trl

import check_parity
import halo_loss

Base = trl.DPOTrainer if "pair" in halo_loss.NEEDS else trl.KTOTrainer


def completions(model, inputs, reference, prefix=""):
    """Completions of a padded batch: log-probabilities summed over the mask."""
    ids, mask = inputs[f"{prefix}input_ids"], inputs[f"{prefix}completion_mask"]
    logits = model(ids, attention_mask=inputs[f"{prefix}attention_mask"]).logits
    logps = torch.log_softmax(logits[:, :-1].float(), dim=-1)
    tokens = logps.gather(-1, ids[:, 1:, None]).squeeze(-1)
    found = halo_loss.of_tokens(tokens, None, mask[:, 1:])
    return found._replace(reference=reference)


class HaloTrainer(Base):
    """TRL's trainer, with the loss that halograd declared."""

    def compute_loss(
        self, model, inputs, return_outputs=False, num_items_in_batch=None
    ):
        if not getattr(self, "_halo_checked", False):
            self._halo_refuse()
            check_parity.require()
            self._halo_checked = True
        batch = self._halo_batch(model, inputs)
        statistics = halo_loss.statistic(batch)
        pooled = None if statistics is None else halo_loss.all_reduce([statistics])[0]
        outcome = halo_loss.evaluate(batch, pooled)
        found = halo_loss.metrics(batch, outcome)
        total = dict(zip(found, halo_loss.all_reduce(list(found.values()))))
        mode = "train" if self.model.training else "eval"
        for name, value in halo_loss.means(total).items():
            if name != "loss":  # the trainer logs it
                self._metrics[mode][name].append(value)
        loss = halo_loss.loss_of(outcome)
        return (loss, outcome) if return_outputs else loss

    def _halo_refuse(self):
        """Says what would compute another loss than the declared one."""
        if getattr(self, "use_liger_kernel", False):
            raise ValueError(
                "use_liger_kernel computes Liger's loss, not this one: turn it off"
            )
        steps = self.args.gradient_accumulation_steps
        if steps > 1 and (halo_loss.STATISTIC_READS or halo_loss.WHOLE_BATCH):
            raise ValueError(
                f"{halo_loss.NAME} compares with a statistic of the whole batch, and"
                f" compute_loss sees one of {steps} micro-batches: set"
                " gradient_accumulation_steps=1, or use train.py (export run)"
            )
        if "history" in halo_loss.NEEDS or "value" in halo_loss.NEEDS:
            raise ValueError(f"{halo_loss.NAME} needs what TRL's trainers do not keep")
        if "unrelated" in halo_loss.NEEDS and not getattr(self, "calculate_KL", True):
            raise ValueError('this loss needs unrelated completions: loss_type="kto"')

    def _halo_reference(self, model, inputs, names):
        if "reference" not in halo_loss.NEEDS:
            return None, None
        if names[0] in inputs:  # precomputed
            return inputs[names[0]], inputs.get(names[1])
        return self.compute_ref_log_probs(self.ref_model or model, inputs)

    def _halo_batch(self, model, inputs):
        if "pair" in halo_loss.NEEDS:
            both = completions(model, inputs, None)  # chosen first, then rejected
            names = ("ref_chosen_logps", "ref_rejected_logps")
            references = self._halo_reference(model, inputs, names)
            chosen, rejected = (
                halo_loss.Completion(policy, reference, length)
                for policy, reference, length in zip(
                    both.policy.chunk(2), references, both.length.chunk(2)
                )
            )
            return halo_loss.Batch(chosen=chosen, rejected=rejected)
        names = ("ref_logps", "ref_KL_logps")
        own, other = self._halo_reference(model, inputs, names)
        label = inputs["label"].to(torch.float32) * 2 - 1
        batch = halo_loss.Batch(outcome=completions(model, inputs, own), label=label)
        if "unrelated" not in halo_loss.NEEDS:
            return batch
        with torch.no_grad():
            return batch._replace(unrelated=completions(model, inputs, other, "KL_"))
