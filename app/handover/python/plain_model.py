"""Llama and GPT-2 in plain torch, for machines without transformers: the parameters have
the names of Hugging Face's, so that directories are read and written as theirs are.

    model = load("model")                       # config.json, model.safetensors
    logits = model(input_ids).logits
    save(model, "trained", "model")
"""

from __future__ import annotations

import json
import math
import pathlib
import shutil
import struct
import types

import torch
import torch.nn.functional as F
from torch import nn

DTYPES = {"F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}
NAMES = {dtype: name for name, dtype in DTYPES.items()}


def attend(q, k, v):
    """Causal attention: (batch, heads, positions, head size)."""
    n = q.shape[2]
    mask = torch.full((n, n), -math.inf, dtype=q.dtype, device=q.device).triu(1)
    scores = q @ k.transpose(2, 3) / math.sqrt(q.shape[3]) + mask
    return (torch.softmax(scores, dim=-1) @ v).transpose(1, 2).flatten(2)


class RMSNorm(nn.Module):
    def __init__(self, size, epsilon):
        super().__init__()
        self.weight, self.epsilon = nn.Parameter(torch.ones(size)), epsilon

    def forward(self, x):
        mean = x.square().mean(dim=-1, keepdim=True)
        return x * torch.rsqrt(mean + self.epsilon) * self.weight


class LlamaBlock(nn.Module):
    def __init__(self, c):
        super().__init__()
        size, hidden = c["hidden_size"], c["intermediate_size"]
        heads, shared = c["num_attention_heads"], c["num_key_value_heads"]
        self.head = c.get("head_dim") or size // heads
        self.groups, self.theta = heads // shared, c.get("rope_theta", 10000.0)

        def projection(a, b):
            return nn.Linear(a, b, bias=False)

        self.self_attn, self.mlp = nn.Module(), nn.Module()
        self.self_attn.q_proj = projection(size, heads * self.head)
        self.self_attn.k_proj = projection(size, shared * self.head)
        self.self_attn.v_proj = projection(size, shared * self.head)
        self.self_attn.o_proj = projection(heads * self.head, size)
        self.mlp.gate_proj = projection(size, hidden)
        self.mlp.up_proj = projection(size, hidden)
        self.mlp.down_proj = projection(hidden, size)
        self.input_layernorm = RMSNorm(size, c["rms_norm_eps"])
        self.post_attention_layernorm = RMSNorm(size, c["rms_norm_eps"])

    def rotated(self, x):
        half = self.head // 2
        exponent = torch.arange(0, self.head, 2, dtype=torch.float64) / self.head
        positions = torch.arange(x.shape[2], dtype=torch.float64)
        angle = torch.outer(positions, self.theta**-exponent)
        angle = angle.repeat(1, 2).to(x.device)
        turned = torch.cat((-x[..., half:], x[..., :half]), dim=-1)
        return x * angle.cos().to(x.dtype) + turned * angle.sin().to(x.dtype)

    def forward(self, x):
        h, a = self.input_layernorm(x), self.self_attn

        def heads(y):
            return y.unflatten(2, (-1, self.head)).transpose(1, 2)

        q, k, v = heads(a.q_proj(h)), heads(a.k_proj(h)), heads(a.v_proj(h))
        k, v = (y.repeat_interleave(self.groups, dim=1) for y in (self.rotated(k), v))
        x = x + a.o_proj(attend(self.rotated(q), k, v))
        h, m = self.post_attention_layernorm(x), self.mlp
        return x + m.down_proj(F.silu(m.gate_proj(h)) * m.up_proj(h))


class Llama(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.config = c
        self.model = nn.Module()
        self.model.embed_tokens = nn.Embedding(c["vocab_size"], c["hidden_size"])
        self.model.layers = nn.ModuleList(
            LlamaBlock(c) for _ in range(c["num_hidden_layers"])
        )
        self.model.norm = RMSNorm(c["hidden_size"], c["rms_norm_eps"])
        if not c.get("tie_word_embeddings"):
            self.lm_head = nn.Linear(c["hidden_size"], c["vocab_size"], bias=False)

    def forward(self, input_ids, attention_mask=None):
        x = self.model.embed_tokens(input_ids)  # padding is to the right: never seen
        for block in self.model.layers:
            x = block(x)
        tied = self.config.get("tie_word_embeddings")
        head = self.model.embed_tokens if tied else self.lm_head
        logits = F.linear(self.model.norm(x), head.weight)
        return types.SimpleNamespace(logits=logits)


class Conv1D(nn.Module):
    """GPT-2's projections: transposed, with a bias."""

    def __init__(self, a, b):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(a, b))
        self.bias = nn.Parameter(torch.zeros(b))

    def forward(self, x):
        return x @ self.weight + self.bias


class Gpt2Block(nn.Module):
    def __init__(self, c):
        super().__init__()
        size, hidden = c["n_embd"], c.get("n_inner") or 4 * c["n_embd"]
        self.heads = c["n_head"]
        approximate = "none" if c["activation_function"] == "gelu" else "tanh"
        self.activation = nn.GELU(approximate=approximate)
        self.ln_1 = nn.LayerNorm(size, eps=c["layer_norm_epsilon"])
        self.ln_2 = nn.LayerNorm(size, eps=c["layer_norm_epsilon"])
        self.attn, self.mlp = nn.Module(), nn.Module()
        self.attn.c_attn, self.attn.c_proj = Conv1D(size, 3 * size), Conv1D(size, size)
        self.mlp.c_fc, self.mlp.c_proj = Conv1D(size, hidden), Conv1D(hidden, size)

    def forward(self, x):
        parts = self.attn.c_attn(self.ln_1(x)).chunk(3, dim=-1)
        q, k, v = (y.unflatten(2, (self.heads, -1)).transpose(1, 2) for y in parts)
        x = x + self.attn.c_proj(attend(q, k, v))
        return x + self.mlp.c_proj(self.activation(self.mlp.c_fc(self.ln_2(x))))


class Gpt2(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.config = c
        self.transformer = t = nn.Module()
        t.wte = nn.Embedding(c["vocab_size"], c["n_embd"])
        t.wpe = nn.Embedding(c["n_positions"], c["n_embd"])
        t.h = nn.ModuleList(Gpt2Block(c) for _ in range(c["n_layer"]))
        t.ln_f = nn.LayerNorm(c["n_embd"], eps=c["layer_norm_epsilon"])
        if not c.get("tie_word_embeddings", True):
            self.lm_head = nn.Linear(c["n_embd"], c["vocab_size"], bias=False)

    def forward(self, input_ids, attention_mask=None):
        t = self.transformer
        positions = torch.arange(input_ids.shape[1], device=input_ids.device)
        x = t.wte(input_ids) + t.wpe(positions)
        for block in t.h:
            x = block(x)
        head = t.wte if self.config.get("tie_word_embeddings", True) else self.lm_head
        return types.SimpleNamespace(logits=F.linear(t.ln_f(x), head.weight))


MODELS = {"llama": Llama, "gpt2": Gpt2}


def read_tensors(file):
    """A safetensors file."""
    data = pathlib.Path(file).read_bytes()
    size = struct.unpack("<Q", data[:8])[0]
    tensors = {}
    for name, entry in json.loads(data[8 : 8 + size]).items():
        if name != "__metadata__":
            begin, end = (8 + size + offset for offset in entry["data_offsets"])
            raw = torch.frombuffer(
                bytearray(data[begin:end]), dtype=DTYPES[entry["dtype"]]
            )
            tensors[name] = raw.reshape(entry["shape"])
    return tensors


def write_tensors(file, tensors):
    header, parts, offset = {"__metadata__": {"format": "pt"}}, [], 0
    for name, tensor in tensors.items():
        x = tensor.detach().cpu().contiguous()
        x = x.float() if x.dtype not in NAMES else x
        raw = bytes(x.view(-1).view(torch.uint8).numpy()) if x.numel() else b""
        ends = [offset, offset + len(raw)]
        entry = {"dtype": NAMES[x.dtype], "shape": list(x.shape), "data_offsets": ends}
        header[name], offset = entry, ends[1]
        parts.append(raw)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    content = struct.pack("<Q", len(text)) + text + b"".join(parts)
    pathlib.Path(file).write_bytes(content)


def load(directory):
    """A model directory of Hugging Face's layout, in float32."""
    folder = pathlib.Path(directory)
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    if config["model_type"] not in MODELS:
        known = ", ".join(MODELS)
        raise SystemExit(
            f"{directory}: {config['model_type']} needs transformers (plain: {known})"
        )
    model = MODELS[config["model_type"]](config)
    found = {}
    for file in sorted(folder.glob("model*.safetensors")):
        found.update({name: x.float() for name, x in read_tensors(file).items()})
    missing = set(model.state_dict()) - set(found)
    if missing:
        raise SystemExit(f"{directory} lacks {', '.join(sorted(missing))}")
    model.load_state_dict({name: found[name] for name in model.state_dict()})
    return model


def save(state, directory, origin):
    """The weights, beside the other files of the directory that they came from."""
    folder = pathlib.Path(directory)
    folder.mkdir(parents=True, exist_ok=True)
    for file in pathlib.Path(origin).iterdir():
        if file.suffix == ".json" and "index" not in file.name:
            shutil.copy(file, folder)
    write_tensors(folder / "model.safetensors", state)
