"""PyTorch as a contestant in alignment: `align.py DIRECTORY THREADS` aligns the model there by KTO (see ../contest.ts for the conversation).

Written as PyTorch's users write it: Llama, Qwen2 or Gemma 3 in float32, adapters beside frozen matrices, the reference model with the adapters off,
unrelated completions by shifting the batch, log-softmax of whole logits, torch.optim.AdamW.
"""
import json
import math
import resource
import sys
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.checkpoint import checkpoint

directory, threads = Path(sys.argv[1]), int(sys.argv[2])
torch.set_num_threads(threads)
torch.manual_seed(1)

problem = json.loads((directory / "problem.json").read_text())
setting, config = problem["setting"], json.loads((directory / "config.json").read_text())
gemma, eps = config["model_type"] == "gemma3_text", config["rms_norm_eps"]
heads, groups = config["num_attention_heads"], config["num_key_value_heads"]
width = config["hidden_size"]
size = config.get("head_dim") or width // heads
rank, length = setting.get("rank") or 0, setting["length"]


def read_safetensors(path):
    """8 bytes: the length of the header; the header, in JSON; the numbers, the upper halves of float32."""
    data = np.memmap(path, np.uint8, "r")
    start = 8 + int.from_bytes(bytes(data[:8]), "little")
    for name, entry in json.loads(bytes(data[8:start])).items():
        if name != "__metadata__":
            begin, end = (start + offset for offset in entry["data_offsets"])
            numbers = data[begin:end].view(np.uint16).astype(np.uint32) << 16
            yield name, torch.from_numpy(numbers.view(np.float32).reshape(entry["shape"]))


weights = {name: nn.Parameter(x, requires_grad=rank == 0) for name, x in read_safetensors(directory / "model.safetensors")}
adapters = {}
for name, x in weights.items():
    module = name[: -len(".weight")]
    if rank and module.split(".")[-1] in problem["targets"]:
        a = torch.randn(rank, x.shape[1]) / math.sqrt(x.shape[1])
        adapters[module] = nn.Parameter(a), nn.Parameter(torch.zeros(x.shape[0], rank))
adapting = True


def linear(x, module):
    y = F.linear(x, weights[f"{module}.weight"], weights.get(f"{module}.bias"))
    if adapting and module in adapters:
        a, b = adapters[module]
        y = y + problem["alpha"] / rank * F.linear(F.linear(x, a), b)
    return y


def norm(x, module):
    gain = weights[f"{module}.weight"]
    return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + eps) * (1 + gain if gemma else gain)


def tables(base):
    angles = torch.arange(length)[:, None] / base ** (torch.arange(0, size, 2) / size)
    return torch.cos(angles), torch.sin(angles)


def rotated(x, table):
    cos, sin = table
    a, b = x.chunk(2, dim=-1)
    return torch.cat([a * cos - b * sin, b * cos + a * sin], dim=-1)


hidden = torch.ones(length, length, dtype=torch.bool).triu(1)
far = hidden | torch.ones(length, length, dtype=torch.bool).tril(-(config.get("sliding_window") or length))
wide = tables(config.get("rope_theta") or 10000.0)
local = tables(config.get("rope_local_base_freq") or 10000.0)
activation = (lambda x: F.gelu(x, approximate="tanh")) if gemma else F.silu


def attention(x, prefix, slides):
    texts = x.shape[0]
    q, k, v = (linear(x, f"{prefix}.{name}_proj").view(texts, length, -1, size).transpose(1, 2) for name in "qkv")
    if gemma:
        q, k = norm(q, f"{prefix}.q_norm"), norm(k, f"{prefix}.k_norm")
    table = local if slides else wide
    q, k = rotated(q, table), rotated(k, table)
    k, v = (y.repeat_interleave(heads // groups, dim=1) for y in (k, v))
    scale = (config.get("query_pre_attn_scalar") or size) ** -0.5
    scores = (q @ k.transpose(-2, -1) * scale).masked_fill(far if slides else hidden, -math.inf)
    return linear((F.softmax(scores, dim=-1) @ v).transpose(1, 2).reshape(texts, length, -1), f"{prefix}.o_proj")


def block(x, i):
    prefix, slides = f"model.layers.{i}", gemma and (i + 1) % 6 != 0
    y = attention(norm(x, f"{prefix}.input_layernorm"), f"{prefix}.self_attn", slides)
    x = x + (norm(y, f"{prefix}.post_attention_layernorm") if gemma else y)
    h = norm(x, f"{prefix}.{'pre_feedforward' if gemma else 'post_attention'}_layernorm")
    y = linear(activation(linear(h, f"{prefix}.mlp.gate_proj")) * linear(h, f"{prefix}.mlp.up_proj"), f"{prefix}.mlp.down_proj")
    return x + (norm(y, f"{prefix}.post_feedforward_layernorm") if gemma else y)


def log_probability(tokens):
    """Of the second halves of texts, summed."""
    table = weights["model.embed_tokens.weight"]
    x = F.embedding(tokens, table) * (math.sqrt(width) if gemma else 1)
    for i in range(config["num_hidden_layers"]):
        x = checkpoint(block, x.requires_grad_(), i) if setting["recompute"] and torch.is_grad_enabled() else block(x, i)
    logits = F.linear(norm(x, "model.norm"), table)[:, length // 2 - 1 : -1]
    return F.log_softmax(logits, dim=-1).gather(-1, tokens[:, length // 2 :, None]).sum((1, 2))


@torch.no_grad()
def reference(tokens):
    global adapting
    adapting = False
    found = log_probability(tokens)
    adapting = True
    return found


trained = [p for pair in adapters.values() for p in pair] or list(weights.values())
optimizer = torch.optim.AdamW(trained, lr=problem["rate"], weight_decay=0.0)
frozen = None if rank else {name: x.detach().clone() for name, x in weights.items()}
texts = np.fromfile(directory / "tokens.i32", np.int32).reshape(-1, setting["batch"], length).astype(np.int64)
signs = torch.tensor([1.0 if i % 2 == 0 else -1.0 for i in range(setting["batch"])])


def of_reference(tokens):
    """The reference model: the adapters off, or the weights that training began with."""
    global weights
    if frozen is None:
        return reference(tokens)
    now, weights = weights, frozen
    found = reference(tokens)
    weights = now
    return found


def step(i):
    tokens = torch.from_numpy(texts[i % len(texts)])
    unrelated = torch.cat([tokens[:, : length // 2], tokens.roll(1, 0)[:, length // 2 :]], dim=1)
    with torch.no_grad():
        z = (log_probability(unrelated) - of_reference(unrelated)).mean().clamp(min=0)
    optimizer.zero_grad(set_to_none=True)
    reward = log_probability(tokens) - of_reference(tokens)
    loss = (1 - torch.sigmoid(problem["beta"] * signs * (reward - z))).mean()
    loss.backward()
    nn.utils.clip_grad_norm_(trained, 1.0)
    optimizer.step()
    return loss.item()


def status(field):
    return 1024 * int(next(line.split()[1] for line in open("/proc/self/status") if line.startswith(field)))


def processor():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return 1000 * (used.ru_utime + used.ru_stime)


def say(**message):
    print(json.dumps(message), flush=True)


libraries = open("/proc/self/maps").read()
blas = next((name for name in ("openblas-openmp", "openblas-pthread", "openblas", "mkl", "blas") if name in libraries), "unknown BLAS")
say(name=f"pytorch {torch.__version__}", mode=f"{blas}, {torch.get_num_threads()} threads")
position = 0
for line in sys.stdin:
    times, losses, before = [], [], processor()
    for _ in range(json.loads(line)["steps"]):
        start = time.perf_counter()
        losses.append(step(position))
        times.append(1000 * (time.perf_counter() - start))
        position += 1
    say(times=times, losses=losses, memory=status("VmHWM"), resident=status("VmRSS"), processor=processor() - before)
