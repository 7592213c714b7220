"""The run that halograd exported, on any number of processes:

    torchrun --nproc_per_node 2 train.py                 # one machine
    torchrun --nnodes 4 --nproc_per_node 8 --rdzv_backend c10d --rdzv_endpoint HOST train.py

Every step has the examples that halograd would have taken (order.jsonl), spread over the
processes and, there, over micro-batches. What the loss must know of the whole batch is
pooled over both first: the losses are those of one process. Before anything is trained,
check_parity.py asserts that this machine computes the exported loss.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import math
import os
import pathlib

import torch
import torch.distributed as dist

import check_parity
import halo_loss
import lora

HERE = pathlib.Path(__file__).resolve().parent


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", default=str(HERE / "trained"))
    parser.add_argument("--fsdp", action="store_true", help="shard the model (CUDA)")
    parser.add_argument("--plain", action="store_true", help="without transformers")
    parser.add_argument("--dtype", default="float32", help="float32, bfloat16, float64")
    parser.add_argument("--accumulate", type=int, help="micro-batches of each process")
    parser.add_argument("--steps", type=int, help="fewer steps, for a trial")
    parser.add_argument(
        "--no-pooling",
        action="store_true",
        help="each micro-batch has its own reference point: what halograd is against",
    )
    parser.add_argument("--local_rank", type=int, help="as the deepspeed launcher says")
    return parser.parse_args()


def lines(name):
    with open(HERE / name, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def begin():
    """The process group, as torchrun, accelerate, deepspeed and srun start it."""
    if "RANK" in os.environ:
        cuda = torch.cuda.is_available()
        dist.init_process_group("nccl" if cuda else "gloo")
    rank = dist.get_rank() if dist.is_initialized() else 0
    world = dist.get_world_size() if dist.is_initialized() else 1
    device = torch.device("cpu")
    if torch.cuda.is_available():
        device = torch.device("cuda", int(os.environ.get("LOCAL_RANK", 0)))
        torch.cuda.set_device(device)
    return rank, world, device


def load(plain, dtype):
    if not plain:
        with contextlib.suppress(ImportError):
            from transformers import AutoModelForCausalLM

            return AutoModelForCausalLM.from_pretrained(HERE / "model").to(dtype)
    import plain_model

    return plain_model.load(HERE / "model").to(dtype)


def texts(data, examples, others):
    """Prompts and completions by role."""
    found = {}
    for role in halo_loss.ROLES:
        key = "completion" if role in ("outcome", "unrelated") else role
        given = others if role == "unrelated" else examples
        found[role] = [
            (data[i]["prompt_ids"], data[j][f"{key}_ids"])
            for i, j in zip(examples, given)
        ]
    return found


def padded(rows, device):
    """Token ids, attention mask, and mask of what each position says of the next."""
    width = max(len(prompt) + len(completion) for prompt, completion in rows)
    ids = torch.zeros(len(rows), width, dtype=torch.long)
    attention, mask = torch.zeros_like(ids), torch.zeros_like(ids)
    for row, (prompt, completion) in enumerate(rows):
        end = len(prompt) + len(completion)
        ids[row, :end] = torch.tensor(prompt + completion)
        attention[row, :end] = 1
        mask[row, max(len(prompt), 1) : end] = 1
    return ids.to(device), attention.to(device), mask[:, 1:].to(device)


def log_probabilities(model, rows, device):
    """log π(y|x) of completions, and their numbers of tokens."""
    ids, attention, mask = padded(rows, device)
    logits = model(input_ids=ids, attention_mask=attention).logits[:, :-1]
    logits = logits if logits.dtype == torch.float64 else logits.float()
    tokens = torch.log_softmax(logits, dim=-1).gather(-1, ids[:, 1:, None]).squeeze(-1)
    return halo_loss.of_tokens(tokens, None, mask)


class Data:
    """What each process reads of a step, and what the reference model says of it."""

    def __init__(self, config, rank, world, device):
        self.data, self.order = lines("data.jsonl"), lines("order.jsonl")
        self.rank, self.world, self.device = rank, world, device
        self.accumulate, self.known = config["accumulate"], {}

    def parts(self, step):
        """(examples, their unrelated completions) of this process' micro-batches."""
        line = self.order[step]
        own = share(line["examples"], self.rank, self.world)
        whose = share(line.get("unrelated") or line["examples"], self.rank, self.world)
        n = min(self.accumulate, len(own))
        return [(share(own, k, n), share(whose, k, n)) for k in range(n)]

    @torch.no_grad()
    def refer(self, model, steps):
        """Asks the model, before it learns, what will be compared with it."""
        if "reference" not in halo_loss.NEEDS:
            return
        for step in range(steps):
            for part in self.parts(step):
                for rows in texts(self.data, *part).values():
                    new = [r for r in rows if self.key(r) not in self.known]
                    if new:
                        found = log_probabilities(model, new, self.device).policy
                        self.known.update(zip(map(self.key, new), found))

    @staticmethod
    def key(row):
        return (tuple(row[0]), tuple(row[1]))

    def reference(self, rows):
        if "reference" not in halo_loss.NEEDS:
            return None
        return torch.stack([self.known[self.key(row)] for row in rows])

    def column(self, name, examples, default):
        given = [self.data[i].get(name, default) for i in examples]
        values = [-1.0 if value is False else float(value) for value in given]
        return torch.tensor(values, device=self.device)

    def batch(self, model, part, roles, before=None):
        """The batch of a part, `roles` of it scored by the model."""
        examples, others = part
        found = {} if before is None else {"unrelated": before.unrelated}
        for role, rows in texts(self.data, examples, others).items():
            if role in roles:
                scored = log_probabilities(model, rows, self.device)
                found[role] = scored._replace(reference=self.reference(rows))
        return halo_loss.Batch(label=self.column("label", examples, 1.0), **found)


def share(items, k, of):
    """The k-th of so many nearly equal slices."""
    return items[k * len(items) // of : (k + 1) * len(items) // of]


def whole_batch(data, model, parts, history, pooling):
    """The pooled statistic, and batches that hold what was computed for it."""
    roles = halo_loss.STATISTIC_READS if halo_loss.HELD else ()
    with torch.no_grad():
        batches = [data.batch(model, part, roles) for part in parts]
    if not halo_loss.STATISTIC_READS:
        return [None] * len(parts), batches, history
    own = [halo_loss.statistic(batch) for batch in batches]
    if not pooling:
        return own, batches, history
    (pooled,) = halo_loss.all_reduce([halo_loss.pool(own)])
    if "history" in halo_loss.NEEDS:
        pooled = history = halo_loss.pool([*([history] if history else []), pooled])
    return [pooled] * len(parts), batches, history


def denominators(data, parts):
    """Σ of what each term is divided by, over the whole batch: counts, or tokens."""
    totals = []
    for examples, others in parts:
        found = {}
        for role, rows in texts(data.data, examples, others).items():
            length = torch.tensor([float(len(completion)) for _, completion in rows])
            zeros = torch.zeros_like(length)
            found[role] = halo_loss.Completion(zeros, zeros, length)
        label = torch.ones(len(examples))
        point = halo_loss.Statistic(torch.tensor(0.0), torch.tensor(1.0))
        outcome = halo_loss.evaluate(halo_loss.Batch(label=label, **found), point)
        weight = data.column("weight", examples, 1.0).cpu()
        totals.append(halo_loss.parts_of(outcome, weight))
    zero = torch.tensor(0.0)
    sums = [
        halo_loss.Statistic(
            zero.to(data.device), sum(s.count for s in term).to(data.device)
        )
        for term in zip(*totals)
    ]
    return [s.count for s in halo_loss.all_reduce(sums)]


def rate(config, step):
    """The learning rate of a step, counted from 0."""
    kind, warmup = config["lr_scheduler_type"], config["warmup_steps"]
    done = min(max(step - warmup, 0) / max(config["max_steps"] - warmup, 1), 1.0)
    left = {
        "linear": 1 - done,
        "cosine": (1 + math.cos(done * math.pi)) / 2,
        "constant": 1.0,
        "constant_with_warmup": 1.0,
    }[kind]
    risen = 1.0 if kind == "constant" else min((step + 1) / max(warmup, 1), 1.0)
    return config["learning_rate"] * left * risen


def optimizer_of(model, config):
    """AdamW; gains and biases are not decayed."""
    trained = [p for p in model.parameters() if p.requires_grad]
    groups = [
        {"params": [p for p in trained if p.dim() > 1]},
        {"params": [p for p in trained if p.dim() <= 1], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(
        [group for group in groups if group["params"]],
        lr=config["learning_rate"],
        betas=(config["adam_beta1"], config["adam_beta2"]),
        eps=config["adam_epsilon"],
        weight_decay=config["weight_decay"],
    )


def refuse(world, config):
    several = world * config["accumulate"] > 1
    if several and halo_loss.WHOLE_BATCH:
        raise SystemExit(
            f"{halo_loss.NAME}: an example depends on all others of its batch, so parts"
            " do not add up to it: run one process with --accumulate 1"
        )
    if several and not halo_loss.HELD:
        raise SystemExit(
            f"{halo_loss.NAME}: gradients flow through the statistic of the whole batch,"
            " which parts cannot give: run one process with --accumulate 1"
        )


def main():
    options = arguments()
    check_parity.require()
    config = json.loads((HERE / "run.json").read_text(encoding="utf-8"))
    config["accumulate"] = options.accumulate or config["accumulate"]
    rank, world, device = begin()
    refuse(world, config)
    dtype = getattr(torch, options.dtype)
    plain = load(options.plain, dtype).to(device).train()
    for module in plain.modules():  # halograd's run had no dropout
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    data = Data(config, rank, world, device)
    steps = min(options.steps or config["max_steps"], len(data.order))
    data.refer(plain, steps)
    adapters = lora.attach(plain, config["lora"]) if config.get("lora") else None
    model = plain
    if options.fsdp:
        from torch.distributed.fsdp import FullyShardedDataParallel

        model = FullyShardedDataParallel(plain)
    elif world > 1:
        model = torch.nn.parallel.DistributedDataParallel(plain)
    optimizer = optimizer_of(model, config)
    log = open(HERE / "metrics.jsonl", "w", encoding="utf-8") if rank == 0 else None
    gradient_roles = [
        r for r in halo_loss.ROLES if r != "unrelated" or not halo_loss.HELD
    ]
    history = None
    for step in range(steps):
        parts = data.parts(step)
        pooled, batches, history = whole_batch(
            data, model, parts, history, not options.no_pooling
        )
        counts, totals = denominators(data, parts), []
        for k, part in enumerate(parts):
            last = k == len(parts) - 1
            apart = contextlib.nullcontext() if last or world == 1 else model.no_sync()
            with apart:
                batch = data.batch(model, part, gradient_roles, batches[k])
                outcome = halo_loss.evaluate(batch, pooled[k])
                weight = data.column("weight", part[0], 1.0)
                loss = halo_loss.loss_of(outcome, weight, counts)
                (loss * world).backward()  # gradients are averaged over processes
            totals.append(halo_loss.metrics(batch, outcome, weight))
        norm = clip(model, config["max_grad_norm"], options.fsdp)
        for group in optimizer.param_groups:
            group["lr"] = rate(config, step)
        if not math.isfinite(norm):
            raise SystemExit(f"step {step + 1}: the gradient is not finite; stopped")
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        names = list(totals[0])
        summed = [halo_loss.pool([total[name] for total in totals]) for name in names]
        found = halo_loss.means(dict(zip(names, halo_loss.all_reduce(summed))))
        if log is not None:
            line = {"step": step + 1, **found, "grad_norm": norm}
            print(json.dumps({**line, "learning_rate": rate(config, step)}), file=log)
            log.flush()
            print(f"{step + 1}/{steps} loss {found['loss']:.6f}", flush=True)
    save(model, plain, adapters, options, config, rank)


def clip(model, most, fsdp):
    most = most or math.inf
    trained = [p for p in model.parameters() if p.requires_grad]
    if fsdp:
        return float(model.clip_grad_norm_(most))
    return float(torch.nn.utils.clip_grad_norm_(trained, most))


def save(model, plain, adapters, options, config, rank):
    """A model directory, or PEFT's adapters."""
    if options.fsdp:
        from torch.distributed.fsdp import FullStateDictConfig, StateDictType
        from torch.distributed.fsdp import FullyShardedDataParallel as Sharded

        how = FullStateDictConfig(offload_to_cpu=True, rank0_only=True)
        with Sharded.state_dict_type(model, StateDictType.FULL_STATE_DICT, how):
            state = model.state_dict()
    else:
        state = plain.state_dict()
    if rank == 0:
        import plain_model

        if adapters:
            lora.save(adapters, config["lora"], options.out)
        elif hasattr(plain, "save_pretrained"):
            plain.save_pretrained(options.out, state_dict=state)
        else:
            plain_model.save(state, options.out, HERE / "model")
        print(f"Saved to {options.out}")
    if dist.is_initialized():
        dist.barrier()  # who leaves first would take the connections along
        dist.destroy_process_group()


if __name__ == "__main__":
    main()
