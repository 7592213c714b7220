"""What adapters for `halograd conform` share: reads questions, answers them.

    from conform_adapter import serve
    serve(lambda question, inputs: {"loss": …, "losses": …, "rewards": …})

A question is one line of JSON; `inputs` are its columns as tensors of its dtype, those
of the policy with gradients. What the function returns is differentiated, and printed.
"""

import json
import math
import sys

import torch


class Unsupported(Exception):
    """There is nothing of the kind here: raise Unsupported("masks")."""


def plain(x):
    """Tensors as lists; numbers that JSON does not have as strings."""
    if isinstance(x, torch.Tensor):
        return plain(x.detach().double().cpu().tolist())
    if isinstance(x, dict):
        return {name: plain(each) for name, each in x.items()}
    if isinstance(x, (list, tuple)):
        return [plain(each) for each in x]
    return (
        str(x).replace("inf", "Infinity").replace("nan", "NaN")
        if (isinstance(x, float) and not math.isfinite(x))
        else x
    )


def answer(question, implementation):
    dtype = getattr(torch, question["dtype"])
    inputs = {
        name: torch.tensor(column, dtype=dtype).requires_grad_(
            name.startswith("policy_") or name == "values"
        )
        for name, column in question["inputs"].items()
    }
    found = implementation(question, inputs)
    trained = {name: x for name, x in inputs.items() if x.requires_grad}
    loss = found["loss"]
    grads = [None] * len(trained)
    if loss.requires_grad:
        grads = torch.autograd.grad(loss, list(trained.values()), allow_unused=True)
    return {**found, "grads": dict(zip(trained, grads))}


def serve(implementation):
    for line in sys.stdin:
        if not line.strip():
            continue
        try:
            found = answer(json.loads(line), implementation)
        except Unsupported as what:
            found = {"unsupported": str(what)}
        except Exception as error:  # an implementation may fail: that is an answer
            found = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(plain(found)), flush=True)
