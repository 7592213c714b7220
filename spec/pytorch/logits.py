"""Logits of model directories in Hugging Face's layout, by PyTorch's own functions: a second reading of the files that halograd writes.

Reads [{"directory": …, "tokens": [[…]], "adapters"?: …}] from standard input and prints one list of numbers each (batch, position, vocabulary); of a
reward model the reward of every beginning of the text (batch, position). Adapters are PEFT's, applied beside the weights. See write.py for directories
that are to be written first.
"""
import json, math, os, struct, sys
import torch
from torch.nn.functional import gelu, layer_norm, linear, silu
from write import write

DTYPES = {'F32': torch.float32, 'F16': torch.float16, 'BF16': torch.bfloat16}


def tensors_of(file):
    data = open(file, 'rb').read()
    size = struct.unpack('<Q', data[:8])[0]
    header = json.loads(data[8:8 + size])
    read = lambda e: torch.frombuffer(bytearray(data[8 + size + e['data_offsets'][0]:8 + size + e['data_offsets'][1]]), dtype=DTYPES[e['dtype']])
    return {name: read(e).reshape(e['shape']).float() for name, e in header.items() if name != '__metadata__'}


def weights_of(directory):
    index = os.path.join(directory, 'model.safetensors.index.json')
    files = sorted(set(json.load(open(index))['weight_map'].values())) if os.path.exists(index) else ['model.safetensors']
    return {name: tensor for file in files for name, tensor in tensors_of(os.path.join(directory, file)).items()}


def adapters_of(directory):
    """The change that adapters make to what a module gives: (alpha / r) B A x."""
    c, w = json.load(open(os.path.join(directory, 'adapter_config.json'))), tensors_of(os.path.join(directory, 'adapter_model.safetensors'))
    part = lambda name, which: w.get(f'base_model.model.{name}.lora_{which}.weight')
    return lambda x, name: 0 if part(name, 'A') is None else c['lora_alpha'] / c['r'] * linear(linear(x, part(name, 'A')), part(name, 'B'))


def attention(q, k, v):  # batch, heads, positions, head size
    mask = torch.full((q.shape[2], q.shape[2]), -math.inf).triu(1)
    out = torch.softmax(q @ k.transpose(2, 3) / math.sqrt(q.shape[3]) + mask, -1) @ v
    return out.transpose(1, 2).flatten(2)


def output(c, w, tied):
    return w['score.weight' if 'SequenceClassification' in c['architectures'][0] else tied if c['tie_word_embeddings'] else 'lm_head.weight']


def llama(c, w, tokens, change):
    project = lambda x, name: linear(x, w[name + '.weight']) + change(x, name)
    norm = lambda x, name: x * torch.rsqrt(x.square().mean(-1, keepdim=True) + c['rms_norm_eps']) * w[name + '.weight']
    size, n, groups = c['head_dim'], tokens.shape[1], c['num_attention_heads'] // c['num_key_value_heads']
    angle = torch.outer(torch.arange(n), c['rope_theta'] ** -(torch.arange(0, size, 2) / size)).repeat(1, 2)
    rotate = lambda x: x * angle.cos() + torch.cat((-x[..., size // 2:], x[..., :size // 2]), -1) * angle.sin()
    x = w['model.embed_tokens.weight'][tokens]
    for i in range(c['num_hidden_layers']):
        p = f'model.layers.{i}.'
        heads = lambda name: project(h, f'{p}self_attn.{name}').unflatten(2, (-1, size)).transpose(1, 2)
        h = norm(x, p + 'input_layernorm')
        q, k, v = rotate(heads('q_proj')), rotate(heads('k_proj')), heads('v_proj')
        x = x + project(attention(q, k.repeat_interleave(groups, 1), v.repeat_interleave(groups, 1)), p + 'self_attn.o_proj')
        h = norm(x, p + 'post_attention_layernorm')
        x = x + project(silu(project(h, p + 'mlp.gate_proj')) * project(h, p + 'mlp.up_proj'), p + 'mlp.down_proj')
    return linear(norm(x, 'model.norm'), output(c, w, 'model.embed_tokens.weight'))


def gpt2(c, w, tokens, change):
    norm = lambda x, name: layer_norm(x, x.shape[-1:], w[name + '.weight'], w[name + '.bias'], c['layer_norm_epsilon'])
    conv1d = lambda x, name: x @ w[name + '.weight'] + w[name + '.bias'] + change(x, name)
    act = {'gelu_new': lambda x: gelu(x, approximate='tanh'), 'gelu': gelu}[c['activation_function']]
    x = w['transformer.wte.weight'][tokens] + w['transformer.wpe.weight'][:tokens.shape[1]]
    for i in range(c['n_layer']):
        p = f'transformer.h.{i}.'
        parts = conv1d(norm(x, p + 'ln_1'), p + 'attn.c_attn').chunk(3, -1)
        q, k, v = (part.unflatten(2, (c['n_head'], -1)).transpose(1, 2) for part in parts)
        x = x + conv1d(attention(q, k, v), p + 'attn.c_proj')
        x = x + conv1d(act(conv1d(norm(x, p + 'ln_2'), p + 'mlp.c_fc')), p + 'mlp.c_proj')
    return linear(norm(x, 'transformer.ln_f'), output(c, w, 'transformer.wte.weight'))


torch.set_num_threads(1)
for task in json.load(sys.stdin):
    directory = task['directory']
    weights = write(directory, **task['write']) if 'write' in task else weights_of(directory)
    config = json.load(open(os.path.join(directory, 'config.json')))
    change = adapters_of(task['adapters']) if 'adapters' in task else lambda x, name: 0
    logits = {'llama': llama, 'gpt2': gpt2}[config['model_type']](config, weights, torch.tensor(task['tokens']), change)
    print(json.dumps(logits.flatten().tolist()))
