"""The loss of `halo_loss.py` in ContextualAI's HALOs. Written for its main branch (read
at commit 4831988, September 2025); it was run against a stand-in for HALOs only.

    cp halo_loss.py check_parity.py parity.json halos_trainer.py HALOs/train/
    cp halograd.yaml HALOs/config/loss/       # loss=halograd: trainer HalogradTrainer

and import HalogradTrainer in train/trainers.py. Only `loss` is overridden; it is given
log-probabilities of tokens, 0 where there is no completion. Reference points are pooled
over ranks; over accumulated micro-batches they cannot be, because `loss` sees one.
"""

from __future__ import annotations

import pathlib
import sys

import torch

from . import trainers

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import check_parity
import halo_loss

PAIRED = "pair" in halo_loss.NEEDS
Base = trainers.PairedPreferenceTrainer if PAIRED else trainers.KTOTrainer
check_parity.require()


def of(policy, reference):
    """Completions. Tokens count where the policy says something of them."""
    completion = halo_loss.of_tokens(policy, reference, policy != 0)
    return completion._replace(length=completion.length.clamp(min=1))


def join(one, other):
    """Completions, one after the other."""
    return halo_loss.Completion(
        *(None if x is None else torch.cat((x, y)) for x, y in zip(one, other))
    )


def weighed(outcome):
    """Losses of examples whose mean, which the trainer takes, is the loss."""
    n = outcome.terms[0].numerator.shape[0]
    return sum(
        t.numerator * n / t.denominator.sum().clamp(min=1) for t in outcome.terms
    )


class HalogradTrainer(Base):
    if PAIRED:

        def loss(
            self,
            batch,
            policy_chosen_logps,
            policy_rejected_logps,
            reference_chosen_logps=None,
            reference_rejected_logps=None,
            *args,
        ):
            given = halo_loss.Batch(
                chosen=of(policy_chosen_logps, reference_chosen_logps),
                rejected=of(policy_rejected_logps, reference_rejected_logps),
            )
            outcome = self._evaluate(given)
            all_kept = torch.ones(1, device=policy_chosen_logps.device)
            chosen, rejected = outcome.chosen_rewards, outcome.rejected_rewards
            rewards = (chosen.detach(), rejected.detach())
            return (weighed(outcome), *rewards, all_kept, all_kept)

    else:

        def loss(
            self,
            batch,
            policy_chosen_logps,
            policy_rejected_logps,
            policy_KL_logps,
            reference_chosen_logps,
            reference_rejected_logps,
            reference_KL_logps,
            *args,
        ):
            chosen = of(policy_chosen_logps, reference_chosen_logps)
            rejected = of(policy_rejected_logps, reference_rejected_logps)
            ones, others = torch.ones_like(chosen.policy), -torch.ones_like(rejected[0])
            given = halo_loss.Batch(
                outcome=join(chosen, rejected),
                unrelated=of(policy_KL_logps.detach(), reference_KL_logps.detach()),
                label=torch.cat((ones, others)),
            )
            outcome = self._evaluate(given)
            rewards = outcome.rewards.detach().split((len(ones), len(others)))
            all_kept = torch.ones(1, device=policy_chosen_logps.device)
            kl = torch.zeros_like(all_kept) if outcome.kl is None else outcome.kl
            return (weighed(outcome), *rewards, kl.detach(), all_kept, all_kept)

    def _evaluate(self, given):
        own = halo_loss.statistic(given)
        pooled = None if own is None else halo_loss.all_reduce([own])[0]
        return halo_loss.evaluate(given, pooled)
