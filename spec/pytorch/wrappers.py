"""`wrappers.py SIGNATURES KTO DPO PPO`: the exported files of each target, in folders of these losses, against minimal stand-ins for the libraries.

Checks names and arguments with what was recorded, and that each computes the loss of `halo_loss`. Prints one line of JSON a check: [name, problem or null].
"""
import collections
import enum
import importlib
import inspect
import json
import sys
import types

import torch

signatures = json.load(open(sys.argv[1]))
KTO, DPO, PPO = sys.argv[2:5]
torch.manual_seed(0)
VOCABULARY, N, T = 11, 4, 6


def say(name, problem=None):
    print(json.dumps([name, problem]), flush=True)


def module(name, **members):
    made = types.ModuleType(name)
    made.__dict__.update(members)
    made.__path__ = []
    sys.modules[name] = made
    return made


def load(folder, name):
    for known in ("halo_loss", "check_parity", "trl_trainer", "axolotl_plugin", "halos_trainer", "verl_loss", "nemo_rl_loss"):
        sys.modules.pop(known, None)
    sys.path.insert(0, folder)
    try:
        return importlib.import_module(name), importlib.import_module("halo_loss")
    finally:
        sys.path.pop(0)


def check_signature(key, function):
    recorded = signatures[key]
    parameters = inspect.signature(function).parameters
    if list(parameters) != recorded["arguments"]:
        return say(f"{key}: arguments", f"{list(parameters)}, not {recorded['arguments']}")
    for name, default in recorded.get("defaults", {}).items():
        if parameters[name].default != default:
            return say(f"{key}: arguments", f"{name}={parameters[name].default}")
    say(f"{key}: arguments")


def same(name, ours, theirs):
    ours, theirs = torch.as_tensor(ours, dtype=torch.float64), torch.as_tensor(theirs, dtype=torch.float64)
    say(name, None if torch.allclose(ours, theirs, rtol=1e-5, atol=1e-7) else f"{ours.tolist()}, not {theirs.tolist()}")


class Model(torch.nn.Module):
    def __init__(self, seed):
        super().__init__()
        torch.manual_seed(seed)
        self.table = torch.nn.Parameter(torch.randn(VOCABULARY, VOCABULARY))

    def forward(self, input_ids, attention_mask=None):
        return types.SimpleNamespace(logits=self.table[input_ids])


def logps(model, ids, mask):
    tokens = torch.log_softmax(model(ids).logits[:, :-1], -1).gather(-1, ids[:, 1:, None]).squeeze(-1)
    return tokens * mask[:, 1:]


# ---------------------------------------------------------------- TRL, axolotl


class Trainer:
    calculate_KL = True
    use_liger_kernel = False

    def __init__(self, model, ref_model, steps=1):
        self.model, self.ref_model = model, ref_model
        self.args = types.SimpleNamespace(gradient_accumulation_steps=steps)
        self._metrics = collections.defaultdict(lambda: collections.defaultdict(list))


class KTOTrainer(Trainer):
    def compute_ref_log_probs(self, model, inputs):
        with torch.no_grad():
            return tuple(logps(model, inputs[f"{p}input_ids"], inputs[f"{p}completion_mask"]).sum(-1) for p in ("", "KL_"))


class DPOTrainer(Trainer):
    def compute_ref_log_probs(self, model, inputs):
        with torch.no_grad():
            return logps(model, inputs["input_ids"], inputs["completion_mask"]).sum(-1).chunk(2)


module("trl", KTOTrainer=KTOTrainer, DPOTrainer=DPOTrainer)
module("axolotl"), module("axolotl.integrations"), module("axolotl.integrations.base", BasePlugin=object)


def sequences(n):
    ids, mask = torch.randint(VOCABULARY, (n, T)), torch.ones(n, T, dtype=torch.long)
    mask[:, :2] = 0
    mask[0, -1] = 0
    return ids, mask


policy, reference = Model(1), Model(2)
ids, mask = sequences(N)
kl_ids, kl_mask = sequences(N)
inputs = {"input_ids": ids, "attention_mask": torch.ones_like(ids), "completion_mask": mask, "label": torch.tensor([True, False, True, False])}
inputs.update({"KL_input_ids": kl_ids, "KL_attention_mask": torch.ones_like(ids), "KL_completion_mask": kl_mask})
trainer_module, halo = load(KTO, "trl_trainer")
check_signature("trl", trainer_module.HaloTrainer.compute_loss)
documented = {name for name in vars(trainer_module.HaloTrainer) if not name.startswith("_")}
say("trl: overrides compute_loss alone", None if documented == {"compute_loss"} else f"{documented}")
trainer = trainer_module.HaloTrainer(policy, reference)
label = torch.tensor([1.0, -1.0, 1.0, -1.0])
expected = halo.evaluate(
    halo.Batch(
        outcome=halo.Completion(logps(policy, ids, mask).sum(-1), logps(reference, ids, mask).sum(-1)),
        unrelated=halo.Completion(logps(policy, kl_ids, kl_mask).sum(-1), logps(reference, kl_ids, kl_mask).sum(-1)),
        label=label,
    )
)
same("trl: KTO's loss", trainer.compute_loss(policy, inputs), halo.loss_of(expected))
names = {"kl", "logps/chosen", "logps/rejected", "rewards/chosen", "rewards/rejected", "rewards/margins"}
say("trl: metrics under TRL's names", None if names <= set(trainer._metrics["train"]) else f"{list(trainer._metrics['train'])}")
gradient = torch.autograd.grad(trainer.compute_loss(policy, inputs), policy.table)[0]
same("trl: KTO's gradient", gradient, torch.autograd.grad(halo.loss_of(expected), policy.table)[0])
for what, change, word in (("Liger", {"use_liger_kernel": True}, "Liger"), ("accumulation", {"args": types.SimpleNamespace(gradient_accumulation_steps=2)}, "micro-batches")):
    refused = trainer_module.HaloTrainer(policy, reference)
    refused.__dict__.update(change)
    try:
        refused.compute_loss(policy, inputs)
        say(f"trl: refuses {what}", "it does not")
    except ValueError as error:
        say(f"trl: refuses {what}", None if word in str(error) else str(error))
plugin, _ = load(KTO, "axolotl_plugin")
check_signature("axolotl", plugin.HaloPlugin.get_trainer_cls)
say("axolotl: its trainer is TRL's subclass", None if issubclass(plugin.HaloPlugin().get_trainer_cls({}), KTOTrainer) else "another")

trainer_module, halo = load(DPO, "trl_trainer")
trainer = trainer_module.HaloTrainer(policy, reference, steps=4)
pairs = {name: inputs[name] for name in ("input_ids", "attention_mask", "completion_mask")}
chosen, rejected = (halo.Completion(p, q) for p, q in zip(logps(policy, ids, mask).sum(-1).chunk(2), logps(reference, ids, mask).sum(-1).chunk(2)))
dpo = halo.loss_of(halo.evaluate(halo.Batch(chosen=chosen, rejected=rejected)))
same("trl: DPO's loss", trainer.compute_loss(policy, pairs), dpo)

# ---------------------------------------------------------------- HALOs


class Basic:
    def __init__(self):
        pass


trainers = module("train.trainers", PairedPreferenceTrainer=Basic, KTOTrainer=Basic)
module("train", trainers=trainers)


def load_halos(folder):
    for name in ("halo_loss", "check_parity", "halos_trainer"):
        for known in (name, f"train.{name}"):
            sys.modules.pop(known, None)
    sys.modules["train"].__path__ = [folder]
    made = importlib.import_module("train.halos_trainer")
    sys.path.remove(folder)
    return made


halos = load_halos(KTO)
check_signature("halos_kto", halos.HalogradTrainer.loss)
at, kl_at = (lambda m: logps(m, ids, mask)), (lambda m: logps(m, kl_ids, kl_mask))
found = halos.HalogradTrainer().loss({}, at(policy)[::2], at(policy)[1::2], kl_at(policy), at(reference)[::2], at(reference)[1::2], kl_at(reference))
say("halos: KTO returns as many", None if len(found) == signatures["halos_kto"]["returns"] else f"{len(found)}")
same("halos: KTO's loss", found[0].mean(), halo.loss_of(expected))
same("halos: KTO of one side", halos.HalogradTrainer().loss({}, at(policy), at(policy)[:0], kl_at(policy), at(reference), at(reference)[:0], kl_at(reference))[2].numel(), 0)
halos = load_halos(DPO)
check_signature("halos_pairs", halos.HalogradTrainer.loss)
found = halos.HalogradTrainer().loss({}, at(policy)[:2], at(policy)[2:], at(reference)[:2], at(reference)[2:])
say("halos: DPO returns as many", None if len(found) == signatures["halos_pairs"]["returns"] else f"{len(found)}")
same("halos: DPO's loss", found[0].mean(), dpo)

# ---------------------------------------------------------------- verl

registered = {}


def register_policy_loss(name):
    return lambda function: registered.setdefault(name, function)


def agg_loss(loss_mat, loss_mask, loss_agg_mode):
    assert loss_agg_mode == "token-mean"
    return (loss_mat * loss_mask).sum() / loss_mask.sum()


for name in ("verl", "verl.trainer", "verl.trainer.ppo"):
    module(name)
module("verl.trainer.ppo.core_algos", register_policy_loss=register_policy_loss, agg_loss=agg_loss)
_, halo = load(PPO, "verl_loss")
check_signature("verl", registered["halograd"])
old, new, kept = at(reference).detach(), at(policy), mask[:, 1:].float()
advantage = torch.randn(N, 1).expand(N, T - 1)
loss, metrics = registered["halograd"](old, new, advantage, kept)
ratio = (new - old).exp()
clipped = torch.maximum(-advantage * ratio, -advantage * ratio.clamp(0.8, 1.2))  # PPO's clip, as everybody writes it
same("verl: PPO's clip, token by token", loss, (clipped * kept).sum() / kept.sum())
say("verl: metrics", None if list(metrics) == ["actor/ppo_kl"] else f"{metrics}")
try:
    load(KTO, "verl_loss")
    say("verl: refuses KTO", "it does not")
except ImportError as error:
    say("verl: refuses KTO", None if "unrelated" in str(error) else str(error))

# ---------------------------------------------------------------- NeMo-RL


class LossType(enum.Enum):
    TOKEN_LEVEL = "token_level"
    SEQUENCE_LEVEL = "sequence_level"


class LossInputType(enum.Enum):
    LOGPROB = "logprob"


for name in ("nemo_rl", "nemo_rl.algorithms", "nemo_rl.algorithms.loss"):
    module(name)
module("nemo_rl.algorithms.loss.interfaces", LossType=LossType, LossInputType=LossInputType)
nemo, halo = load(DPO, "nemo_rl_loss")
check_signature("nemo_rl", nemo.HaloLossFn.__call__)
say("nemo_rl: attributes", None if all(hasattr(nemo.HaloLossFn, name) for name in signatures["nemo_rl"]["attributes"]) else "missing")
order = torch.tensor([0, 2, 1, 3])  # chosen and rejected in turn
data = {"token_mask": mask[order], "sample_mask": torch.ones(N), "reference_policy_logprobs": at(reference)[order].detach()}
raw = torch.log_softmax(policy(ids).logits[:, :-1], -1).gather(-1, ids[:, 1:, None]).squeeze(-1)
loss, metrics = nemo.HaloLossFn()(data, torch.tensor(float(N)), torch.tensor(1.0), next_token_logprobs=raw[order])
same("nemo_rl: DPO's loss", loss, dpo)
halves = [nemo.HaloLossFn()({k: v[i : i + 2] for k, v in data.items()}, torch.tensor(float(N)), None, next_token_logprobs=raw[order][i : i + 2])[0] for i in (0, 2)]
same("nemo_rl: micro-batches add up", sum(halves), dpo)
nemo, halo = load(PPO, "nemo_rl_loss")
pad = lambda x: torch.cat((torch.zeros(N, 1), x), dim=1)
data = {"token_mask": mask, "sample_mask": torch.ones(N), "prev_logprobs": pad(old), "advantages": pad(advantage)}
loss, _ = nemo.HaloLossFn()(data, torch.tensor(1.0), kept.sum(), next_token_logprobs=new)
same("nemo_rl: PPO's clip", loss, (clipped * kept).sum() / kept.sum())
