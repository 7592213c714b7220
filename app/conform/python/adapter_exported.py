"""Adapter for `halograd conform`: a loss that `halograd export loss` wrote.

halograd conform --loss kto --command 'python adapter_exported.py kto-torch'
"""

import sys

sys.path.insert(0, sys.argv[1])
import halo_loss
from conform_adapter import Unsupported, serve


def implementation(question, inputs):
    if question["settings"] != halo_loss.SETTINGS:
        raise Unsupported("settings other than those it was exported with")
    for name, mask in question.get("masks", {}).items():
        kept = inputs[name].new_tensor(mask).bool()
        inputs = {**inputs, name: inputs[name].where(kept, inputs[name].new_zeros(()))}
        inputs[name] = inputs[name].sum(dim=-1)
    sizes = question.get("parts", [next(iter(inputs.values())).shape[0]])
    columns = {name: x.split(sizes) for name, x in inputs.items()}
    batches = [
        halo_loss.batch_of({name: x[i] for name, x in columns.items()})
        for i in range(len(sizes))
    ]
    statistics = [s for s in map(halo_loss.statistic, batches) if s is not None]
    pooled = halo_loss.pool(statistics) if statistics else None
    outcomes = [halo_loss.evaluate(batch, pooled) for batch in batches]
    terms = zip(*(halo_loss.parts_of(outcome) for outcome in outcomes))
    counts = [sum(part.count for part in term) for term in terms]
    loss = sum(halo_loss.loss_of(o, denominators=counts) for o in outcomes)
    found = {"loss": loss, "losses": outcomes[0].losses, "parts": len(sizes)}
    if outcomes[0].rewards is not None:
        return {**found, "rewards": outcomes[0].rewards}
    chosen, rejected = outcomes[0].chosen_rewards, outcomes[0].rejected_rewards
    return {**found, "rewards": {"chosen": chosen, "rejected": rejected}}


serve(implementation)
