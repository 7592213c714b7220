"""Whether `halo_loss.py` computes, on this machine, what halograd computed.

    python check_parity.py            all cases, in float64 and float32
    check_parity.require()            the same, for a trainer: raises if one fails

`parity.json` holds the cases: inputs, and the loss, losses, rewards, reference point,
statistics, metrics and gradients that halograd's reference backend (float64) finds.
"""

from __future__ import annotations

import json
import math
import pathlib
import sys
from typing import Any, Dict, Iterator, List, Mapping, Optional, Tuple

import torch

import halo_loss

HERE = pathlib.Path(__file__).resolve().parent
TRAINED = ("policy_", "values")


def close(ours: torch.Tensor, theirs: Any, tolerance: float) -> Optional[str]:
    """Equal to a relative tolerance, which is absolute below 1. Else, by how much not."""
    found = ours.detach().double().cpu().reshape(-1)
    wanted = torch.as_tensor(
        [float(y) for y in (theirs if isinstance(theirs, list) else [theirs])],
        dtype=torch.float64,
    )
    if found.shape != wanted.shape:
        return f"{found.numel()} numbers, not {wanted.numel()}"
    same = (found == wanted) | (found.isnan() & wanted.isnan())
    allowed = tolerance * wanted.abs().clamp(min=1.0)
    wrong = ~(same | ((found - wanted).abs() <= allowed))
    if not bool(wrong.any()):
        return None
    i = int(wrong.nonzero()[0])
    return f"{float(found[i])!r}, not {float(wanted[i])!r}"


def inputs_of(case: Mapping[str, Any], dtype: torch.dtype) -> Dict[str, torch.Tensor]:
    columns = {}
    for name, column in case["inputs"].items():
        x = torch.tensor([float(y) for y in column], dtype=dtype)
        columns[name] = x.requires_grad_(name.startswith(TRAINED))
    return columns


def cut(columns: Mapping[str, torch.Tensor], parts: List[int]) -> List[Dict]:
    ends = [sum(parts[: i + 1]) for i in range(len(parts))]
    return [
        {name: x[end - size : end] for name, x in columns.items()}
        for size, end in zip(parts, ends)
    ]


def run(case: Mapping[str, Any], dtype: torch.dtype) -> Iterator[Tuple[str, Any, Any]]:
    """What was found, and what halograd found, by name."""
    columns = inputs_of(case, dtype)
    # Limits follow the type of numbers: beyond them float32 finds something else.
    short = dtype != torch.float64 and "expected_float32" in case
    expected = case["expected_float32" if short else "expected"]
    # A batch in parts, as micro-batches or ranks have it: statistics are pooled first.
    parts = [halo_loss.batch_of(each) for each in cut(columns, case["parts"])]
    statistics = [s for s in map(halo_loss.statistic, parts) if s is not None]
    pooled = halo_loss.pool(statistics) if statistics else None
    if pooled is not None:
        yield "statistic.sum", pooled.sum, expected["statistic"]["sum"]
        yield "statistic.count", pooled.count, expected["statistic"]["count"]
    outcomes = [halo_loss.evaluate(part, pooled) for part in parts]
    own = [halo_loss.parts_of(outcome) for outcome in outcomes]
    denominators = [sum(each.count for each in term) for term in zip(*own)]
    loss = torch.stack(
        [halo_loss.loss_of(o, denominators=denominators) for o in outcomes]
    ).sum()
    yield "loss", loss, expected["loss"]
    yield "losses", torch.cat([o.losses for o in outcomes]), expected["losses"]
    for name in (
        "rewards",
        "chosen_rewards",
        "rejected_rewards",
        "relative_reward",
        "steepness",
    ):
        if name in expected:
            found = [getattr(outcome, name) for outcome in outcomes]
            if len(parts) == 1 or name not in ("relative_reward", "steepness"):
                yield name, torch.cat(found), expected[name]
    for name in ("z0", "kl"):
        if name in expected:
            yield name, getattr(outcomes[0], name), expected[name]
    if len(parts) == 1:
        found = halo_loss.means(halo_loss.metrics(parts[0], outcomes[0]))
        for name, value in expected["metrics"].items():
            yield name, torch.tensor(
                found.get(name, math.nan), dtype=torch.float64
            ), value
    trained = [name for name, x in columns.items() if x.requires_grad]
    if loss.requires_grad:
        grads = torch.autograd.grad(
            loss, [columns[name] for name in trained], allow_unused=True
        )
    else:
        grads = tuple(None for _ in trained)
    for name, gradient in zip(trained, grads):
        wanted = expected["grads"][name]
        zeros = torch.zeros_like(columns[name])
        if wanted is None:  # no gradient flows: none at all, or exactly 0
            yield f"∂loss/∂{name}", zeros if gradient is None else gradient, [
                0.0
            ] * zeros.numel()
        else:
            yield f"∂loss/∂{name}", zeros if gradient is None else gradient, wanted


def failures(dtype: torch.dtype) -> List[str]:
    """What is not as halograd has it, one line each."""
    vectors = json.loads((HERE / "parity.json").read_text(encoding="utf-8"))
    if vectors["name"] != halo_loss.NAME or vectors["settings"] != halo_loss.SETTINGS:
        return [f"parity.json is of {vectors['name']} {vectors['settings']}"]
    tolerance = vectors["tolerances"][str(dtype).replace("torch.", "")]
    return [
        f"{case['id']}: {name} is {wrong}"
        for case in vectors["cases"]
        for name, found, wanted in run(case, dtype)
        for wrong in [close(found, wanted, tolerance)]
        if wrong is not None
    ]


def require() -> None:
    """Raises RuntimeError if this machine computes another loss than halograd."""
    wrong = failures(torch.float64) + failures(torch.float32)
    if wrong:
        raise RuntimeError(
            f"{halo_loss.NAME} is not what halograd exported; nothing is trained:\n  "
            + "\n  ".join(wrong[:20])
        )


def main() -> int:
    status = 0
    for dtype in (torch.float64, torch.float32):
        wrong = failures(dtype)
        print(f"{halo_loss.NAME}, {dtype}: {'FAILED' if wrong else 'as halograd'}")
        for line in wrong:
            print(f"  {line}")
        status |= bool(wrong)
    return int(status)


if __name__ == "__main__":
    sys.exit(main())
