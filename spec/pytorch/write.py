"""Checkpoints that PyTorch writes: what halograd must read. Random weights in Hugging Face's layout, with the habits of its published checkpoints."""
import json, os, struct
import torch

DTYPES = {torch.float32: 'F32', torch.float16: 'F16', torch.bfloat16: 'BF16', torch.uint8: 'U8'}


def save(file, tensors):
    entries, data = {'__metadata__': {'format': 'pt'}}, b''
    for name, tensor in tensors.items():
        raw = tensor.contiguous().flatten().view(torch.uint8).numpy().tobytes()
        entries[name] = {'dtype': DTYPES[tensor.dtype], 'shape': list(tensor.shape), 'data_offsets': [len(data), len(data) + len(raw)]}
        data += raw
    header = json.dumps(entries).encode()
    open(file, 'wb').write(struct.pack('<Q', len(header)) + header + data)


def shapes(c):
    if c['model_type'] == 'llama':
        e, size = c['hidden_size'], c.get('head_dim', c['hidden_size'] // c['num_attention_heads'])
        q, k, h = size * c['num_attention_heads'], size * c['num_key_value_heads'], c['intermediate_size']
        block = {'self_attn.q_proj': [q, e], 'self_attn.k_proj': [k, e], 'self_attn.v_proj': [k, e], 'self_attn.o_proj': [e, q],
                 'mlp.gate_proj': [h, e], 'mlp.up_proj': [h, e], 'mlp.down_proj': [e, h], 'input_layernorm': [e], 'post_attention_layernorm': [e]}
        words = {'lm_head.weight': [c['vocab_size'], e], 'model.embed_tokens.weight': [c['vocab_size'], e], 'model.norm.weight': [e]}
        return words | {f'model.layers.{i}.{name}.weight': shape for i in range(c['num_hidden_layers']) for name, shape in block.items()}
    e, h = c['n_embd'], c.get('n_inner') or 4 * c['n_embd']
    block = {'ln_1': [e], 'ln_2': [e], 'attn.c_attn': [e, 3 * e], 'attn.c_proj': [e, e], 'mlp.c_fc': [e, h], 'mlp.c_proj': [h, e]}
    words = {'lm_head.weight': [c['vocab_size'], e], 'transformer.wte.weight': [c['vocab_size'], e], 'transformer.wpe.weight': [c['n_positions'], e]}
    both = lambda name, shape: {f'{name}.weight': shape, f'{name}.bias': shape[-1:]}
    blocks = {k: v for i in range(c['n_layer']) for name, shape in block.items() for k, v in both(f'transformer.h.{i}.{name}', shape).items()}
    return words | both('transformer.ln_f', [e]) | blocks


def write(directory, config, dtype='float32', shards=1, prefix=True, masks=False):
    """Returns the weights as they were rounded. Without `prefix`, names are those of the base model; with `masks`, old buffers are there, too."""
    torch.manual_seed(1)
    dtype = getattr(torch, dtype)
    weights = {name: (0.4 * torch.randn(shape)).to(dtype) for name, shape in shapes(config).items()}
    if config.get('tie_word_embeddings', config['model_type'] == 'gpt2'):
        del weights['lm_head.weight']
    stored = dict(sorted((name if prefix else name.replace('transformer.', '').replace('model.', ''), x) for name, x in weights.items()))
    if masks:
        stored |= {f'h.{i}.attn.bias': torch.ones(1, 1, 8, 8, dtype=torch.uint8).tril() for i in range(config['n_layer'])}
    os.makedirs(directory)
    json.dump(config, open(os.path.join(directory, 'config.json'), 'w'))
    names = list(stored)
    files = [f'model-{i + 1:05}-of-{shards:05}.safetensors' if shards > 1 else 'model.safetensors' for i in range(shards)]
    for i, file in enumerate(files):
        save(os.path.join(directory, file), {name: stored[name] for name in names[i::shards]})
    if shards > 1:
        places = {name: files[i % shards] for i, name in enumerate(names)}
        json.dump({'metadata': {}, 'weight_map': places}, open(os.path.join(directory, 'model.safetensors.index.json'), 'w'))
    return {name: x.float() for name, x in weights.items()}
