"""The loss of `halo_loss.py` as a policy loss of verl, applied to every token. Written
for verl 0.6 and later (signature read in July 2026: a loss and its metrics are
returned); it was run against a stand-in for verl only.

    import verl_loss          # where the trainer is started
    actor_rollout_ref.actor.policy_loss.loss_mode=halograd
"""

from __future__ import annotations

from verl.trainer.ppo.core_algos import agg_loss, register_policy_loss

import check_parity
import halo_loss

check_parity.require()
if not halo_loss.NEEDS <= {"outcome", "label", "reference"}:
    raise ImportError(
        f"{halo_loss.NAME} needs {', '.join(sorted(halo_loss.NEEDS))}:"
        " verl has tokens with advantages and the log-probabilities of who sampled them"
    )


@register_policy_loss("halograd")
def compute_policy_loss_halograd(
    old_log_prob,
    log_prob,
    advantages,
    response_mask,
    loss_agg_mode="token-mean",
    config=None,
    rollout_is_weights=None,
):
    losses = halo_loss.per_token(log_prob, old_log_prob, advantages)
    if rollout_is_weights is not None:
        losses = losses * rollout_is_weights
    loss = agg_loss(
        loss_mat=losses, loss_mask=response_mask, loss_agg_mode=loss_agg_mode
    )
    kl = ((old_log_prob - log_prob) * response_mask).sum() / response_mask.sum()
    return loss, {"actor/ppo_kl": kl.detach().item()}
