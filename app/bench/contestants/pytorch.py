"""PyTorch as a contestant: `pytorch.py DIRECTORY THREADS` trains the problem there (see ../contest.ts for the conversation).

The model is written as PyTorch's users write it: nn.Linear, nn.LayerNorm, F.gelu, F.cross_entropy, torch.optim.AdamW.
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

directory, threads = Path(sys.argv[1]), int(sys.argv[2])
torch.set_num_threads(threads)

problem = json.loads((directory / "problem.json").read_text())
sizes, batch, hyper = problem["configuration"]["model"], problem["configuration"]["batch"], problem["hyper"]
embed, heads, context = sizes["embed"], sizes["heads"], sizes["context"]


def read_safetensors(path):
    """8 bytes: the length of the header; the header, in JSON; the numbers."""
    data = path.read_bytes()
    length = int.from_bytes(data[:8], "little")
    for name, entry in json.loads(data[8 : 8 + length]).items():
        if name != "__metadata__":
            begin, end = (8 + length + offset for offset in entry["data_offsets"])
            yield name, torch.from_numpy(np.frombuffer(data[begin:end], np.float32).reshape(entry["shape"]).copy())


weights = dict(read_safetensors(directory / "model.safetensors"))
tokens = np.fromfile(directory / "tokens.i32", np.int32).reshape(problem["batches"], batch, context + 1).astype(np.int64)
inputs = [torch.from_numpy(text[:, :-1].copy()) for text in tokens]
targets = [torch.from_numpy(text[:, 1:].copy()) for text in tokens]


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.ln_1, self.ln_2 = nn.LayerNorm(embed, sizes["normEpsilon"]), nn.LayerNorm(embed, sizes["normEpsilon"])
        self.c_attn, self.attn_proj = nn.Linear(embed, 3 * embed), nn.Linear(embed, embed)
        self.c_fc, self.mlp_proj = nn.Linear(embed, sizes["hidden"]), nn.Linear(sizes["hidden"], embed)
        self.register_buffer("future", torch.ones(context, context, dtype=torch.bool).triu(1))

    def attention(self, x):
        texts, length, _ = x.shape
        q, k, v = (part.view(texts, length, heads, -1).transpose(1, 2) for part in self.c_attn(x).split(embed, dim=2))
        if hasattr(F, "scaled_dot_product_attention"):
            y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        else:
            scores = (q @ k.transpose(-2, -1)) * (1 / math.sqrt(q.size(-1)))
            y = F.softmax(scores.masked_fill(self.future, -math.inf), dim=-1) @ v
        return self.attn_proj(y.transpose(1, 2).reshape(texts, length, embed))

    def forward(self, x):
        x = x + self.attention(self.ln_1(x))
        return x + self.mlp_proj(F.gelu(self.c_fc(self.ln_2(x))))


class GPT(nn.Module):
    def __init__(self):
        super().__init__()
        self.wte, self.wpe = nn.Embedding(sizes["vocab"], embed), nn.Embedding(context, embed)
        self.h = nn.ModuleList(Block() for _ in range(sizes["layers"]))
        self.ln_f = nn.LayerNorm(embed, sizes["normEpsilon"])
        self.register_buffer("positions", torch.arange(context))

    def forward(self, x):
        x = self.wte(x) + self.wpe(self.positions)
        for block in self.h:
            x = block(x)
        return F.linear(self.ln_f(x), self.wte.weight)


def stored(name):
    """Where the checkpoint keeps a parameter. Its matrices are [input, output]; nn.Linear's are [output, input]."""
    name = name.replace("attn_proj", "attn.c_proj").replace("c_attn", "attn.c_attn")
    name = name.replace("mlp_proj", "mlp.c_proj").replace("c_fc", "mlp.c_fc")
    tensor = weights["transformer." + name]
    return tensor.t().contiguous() if ".c_" in name and name.endswith("weight") else tensor


model = GPT()
model.load_state_dict({name: stored(name) for name, _ in model.named_parameters()}, strict=False)
matrices = [p for p in model.parameters() if p.dim() > 1]
vectors = [p for p in model.parameters() if p.dim() == 1]
optimizer = torch.optim.AdamW(
    [{"params": matrices, "weight_decay": hyper["weightDecay"]}, {"params": vectors, "weight_decay": 0.0}],
    lr=hyper["rate"],
    betas=(hyper["beta1"], hyper["beta2"]),
    eps=hyper["epsilon"],
)


def step(i):
    optimizer.zero_grad(set_to_none=True)
    logits = model(inputs[i % len(inputs)])
    loss = F.cross_entropy(logits.view(-1, logits.size(-1)), targets[i % len(targets)].reshape(-1))
    loss.backward()
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
