#: docstring
from __future__ import annotations

import math
from typing import Callable, Dict, Iterable, List, Mapping, NamedTuple, Optional
from typing import Sequence, Tuple

import torch
import torch.nn.functional as F
from torch import Tensor

#: constants


class Completion(NamedTuple):
    """Completions of prompts, one an example: numbers of shape (n,)."""

    policy: Tensor
    """log π_θ(y|x), summed over the tokens of the completion."""
    reference: Tensor = None  # type: ignore[assignment]
    """log π_ref(y|x), under the frozen reference model (π_old for policy gradients)."""
    length: Tensor = None  # type: ignore[assignment]
    """Tokens of the completion."""


class Batch(NamedTuple):
    """What people said of completions. Which of it the loss needs, NEEDS says."""

    outcome: Completion = None  # type: ignore[assignment]
    chosen: Completion = None  # type: ignore[assignment]
    rejected: Completion = None  # type: ignore[assignment]
    unrelated: Completion = None  # type: ignore[assignment]
    """Completions of other prompts, scored after the prompts of `outcome`."""
#: columns


class Statistic(NamedTuple):
    """A mean that is not divided yet: those of parts add up to that of the whole."""

    sum: Tensor
    count: Tensor


class Term(NamedTuple):
    """A mean that the loss is, or is a sum of: Σ numerator / Σ denominator."""

    name: str
    numerator: Tensor
    denominator: Tensor


class Outcome(NamedTuple):
    losses: Tensor
    terms: Tuple[Term, ...]
    rewards: Optional[Tensor] = None
    chosen_rewards: Optional[Tensor] = None
    rejected_rewards: Optional[Tensor] = None
    relative_reward: Optional[Tensor] = None
    """z = s (r - E r), of which the value function is taken."""
    steepness: Optional[Tensor] = None
    """|v'| there, as a multiple of |v'(0)|."""
    z0: Optional[Tensor] = None
    """The reference point, where it is one number for the batch."""
    kl: Optional[Tensor] = None
    """The same in nats."""


def numbers_like(like: Tensor) -> Callable[..., Tensor]:
    """Numbers as tensors of the same type on the same device.

    A second number is what a limit is for types that hold less than float64.
    """

    def number(x: float, single: Optional[float] = None) -> Tensor:
        shorter = single is not None and like.dtype != torch.float64
        return like.new_full((), single if shorter else x)  # type: ignore[arg-type]

    return number


def supplied(batch: Batch, roles: Sequence[str] = ROLES) -> Batch:
    """The batch, if it has all that the loss reads.

    Raises ValueError that names everything missing.
    """
    parts = ["policy"] + [part for part in ("reference", "length") if part in NEEDS]
    missing = [
        f"{role}.{part}"
        for role in roles
        for part in parts
        if getattr(getattr(batch, role), part, None) is None
    ]
    if roles is ROLES:
        missing += [name for name in COLUMNS if getattr(batch, name) is None]
    if missing:
        raise ValueError(f"{NAME} needs {', '.join(missing)}: the batch lacks them")
    return batch


#: functions


def pool(statistics: Iterable[Statistic]) -> Statistic:
    """The statistic of a batch, from those of its parts."""
    parts = list(statistics)
    total = torch.stack([torch.stack((s.sum, s.count)) for s in parts]).sum(dim=0)
    return Statistic(total[0], total[1])


def all_reduce(statistics: Sequence[Statistic], group=None) -> List[Statistic]:
    """The statistics of all ranks together. Without torch.distributed, the same.

    No gradient flows through them.
    """
    if not statistics:
        return []
    total = torch.stack([torch.stack((s.sum, s.count)) for s in statistics]).detach()
    if torch.distributed.is_available() and torch.distributed.is_initialized():
        total = total.double()
        torch.distributed.all_reduce(total, group=group)
        total = total.to(statistics[0].sum.dtype)
    return [Statistic(each[0], each[1]) for each in total]


def parts_of(outcome: Outcome, weight: Optional[Tensor] = None) -> List[Statistic]:
    """Σ w numerator and Σ w denominator of each term: what parts of a batch add up."""
    w = torch.ones_like(outcome.terms[0].numerator) if weight is None else weight
    return [
        Statistic((w * term.numerator).sum(), (w * term.denominator).sum())
        for term in outcome.terms
    ]


def loss_of(
    outcome: Outcome,
    weight: Optional[Tensor] = None,
    denominators: Optional[Sequence[Tensor]] = None,
) -> Tensor:
    """Σ over terms of Σ w numerator / Σ w denominator; a mean over nothing is 0.

    With the `denominators` of a whole batch, the losses of its parts add up to its loss.
    """
    own = parts_of(outcome, weight)
    counts = [s.count for s in own] if denominators is None else denominators
    means = [s.sum / (n + (n == 0).to(n.dtype)) for s, n in zip(own, counts)]
    return torch.stack(means).sum()


def metrics(
    batch: Batch, outcome: Outcome, weight: Optional[Tensor] = None
) -> Dict[str, Statistic]:
    """What is reported of a batch, under the names that users of TRL know.

    Undivided: those of parts add up; `means` divides them.
    """
    one = torch.ones_like(outcome.losses)

    def mean(x: Tensor, over: Optional[Tensor] = None) -> Statistic:
        w = torch.ones_like(x) if over is None else over.to(x.dtype)
        kept = x if over is None else torch.where(over, x, torch.zeros_like(x))
        return Statistic(kept.sum().detach(), w.sum())

    found: Dict[str, Statistic] = {}
    terms = parts_of(outcome, weight)
    names = [term.name for term in outcome.terms]
    for k, each in enumerate(terms):
        name = f"loss/{names[k]}" + (f" ({k + 1})" if names.index(names[k]) < k else "")
        key = "loss" if len(terms) == 1 else name
        found[key] = Statistic(each.sum.detach(), each.count.detach())
    if "pair" in NEEDS:
        better, worse = outcome.chosen_rewards, outcome.rejected_rewards
        found["logps/chosen"] = mean(batch.chosen.policy)
        found["logps/rejected"] = mean(batch.rejected.policy)
        if better is not None and worse is not None:
            found["rewards/chosen"] = mean(better)
            found["rewards/rejected"] = mean(worse)
            found["rewards/margins"] = mean(better - worse)
            found["rewards/accuracies"] = mean((worse < better).to(better.dtype))
    elif "label" in NEEDS:
        liked, disliked = 0 < batch.label, batch.label < 0
        found["logps/chosen"] = mean(batch.outcome.policy, liked)
        found["logps/rejected"] = mean(batch.outcome.policy, disliked)
        if outcome.rewards is not None:
            found["rewards/chosen"] = mean(outcome.rewards, liked)
            found["rewards/rejected"] = mean(outcome.rewards, disliked)
        if outcome.relative_reward is not None:
            found["rewards/accuracies"] = mean(
                (0 < outcome.relative_reward).to(one.dtype)
            )
    if "unrelated" in NEEDS and "reference" in NEEDS:
        found["kl"] = mean(batch.unrelated.policy - batch.unrelated.reference)
    if outcome.z0 is not None:
        z0 = outcome.z0.detach()
        found["z0"] = Statistic(z0, torch.ones_like(z0))
        found["z0/clamped"] = Statistic((z0 == 0).to(z0.dtype), torch.ones_like(z0))
    if outcome.steepness is not None:
        found["saturated"] = mean((outcome.steepness < 0.04).to(one.dtype))
    return found


def means(undivided: Mapping[str, Statistic]) -> Dict[str, float]:
    """The metrics. Those without cases are absent, not NaN."""
    pairs = {name: (float(s.sum), float(s.count)) for name, s in undivided.items()}
    found = {name: total / count for name, (total, count) in pairs.items() if count}
    if "rewards/chosen" in found and "rewards/rejected" in found:
        margin = found["rewards/chosen"] - found["rewards/rejected"]
        found["rewards/margins"] = margin
    terms = [mean for name, mean in found.items() if name.startswith("loss/")]
    if terms:
        found["loss"] = math.fsum(terms)
    if "kl" in found:
        found["kl"] = max(0.0, found["kl"])
    return found


def of_tokens(policy: Tensor, reference: Optional[Tensor], mask: Tensor) -> Completion:
    """Completions from log-probabilities of tokens, (n, tokens), and their mask."""
    kept = mask.to(policy.dtype)
    zeros = torch.zeros_like(policy)
    return Completion(
        policy=torch.where(mask.bool(), policy, zeros).sum(dim=-1),
        reference=(
            None  # type: ignore[arg-type]
            if reference is None
            else torch.where(mask.bool(), reference, zeros).sum(dim=-1)
        ),
        length=kept.sum(dim=-1),
    )


def per_token(policy: Tensor, reference: Tensor, advantage: Tensor) -> Tensor:
    """The losses of tokens, each an example of its own: all of shape (n, tokens)."""
    flat = advantage.expand_as(policy).reshape(-1)
    completion = Completion(
        policy.reshape(-1), reference.reshape(-1), torch.ones_like(flat)
    )
    outcome = evaluate(Batch(outcome=completion, label=flat))
    return outcome.losses.view_as(policy)


def batch_of(inputs: Mapping[str, Tensor]) -> Batch:
    """A batch from columns as halograd names them: `policy_chosen_logps`, `labels` …"""

    def completion(infix: str, length: str) -> Completion:
        return Completion(
            inputs.get(f"policy_{infix}logps"),  # type: ignore[arg-type]
            inputs.get(f"ref_{infix}logps"),  # type: ignore[arg-type]
            inputs.get(length),  # type: ignore[arg-type]
        )

    return Batch(
        outcome=completion("", "lengths"),
        chosen=completion("chosen_", "chosen_lengths"),
        rejected=completion("rejected_", "rejected_lengths"),
        unrelated=completion("KL_", "KL_lengths"),
#: columns of inputs
    )
