/** Families that halograd does not have, and why: what somebody may try, to be refused with the reason rather than with a list of others. */

const encoder = 'an encoder, which sees a text in both directions and predicts masked tokens: not a causal language model'
const pairs = 'an encoder and a decoder: not a decoder-only language model'
const stateSpace = 'layers of a state-space model (Mamba) in the place of attention'
const experts = 'a mixture of experts: each token is sent to some of many feed-forward layers'
const images = 'a model of images and text: only models of text alone are read'
const recurrent = 'a recurrence in the place of attention'
const linear = 'linear attention (a gated delta rule) in most of its layers'
const perLayer = 'embeddings of their own in every layer, and keys and values that layers share'
const latent = 'keys and values compressed to latent vectors, and a mixture of experts'

const reasons: readonly (readonly [why: string, ...types: readonly string[]])[] = [
  [
    encoder,
    ...['bert', 'roberta', 'distilbert', 'albert', 'electra', 'deberta', 'deberta-v2', 'xlm-roberta', 'camembert', 'modernbert', 'mpnet'],
    ...['nomic_bert', 'eurobert', 'longformer', 'big_bird', 'ernie', 'convbert', 'funnel', 'layoutlm', 'esm', 'neobert', 'xlm', 'flaubert'],
  ],
  [
    pairs,
    't5',
    'mt5',
    'umt5',
    'longt5',
    'bart',
    'mbart',
    'pegasus',
    'marian',
    'm2m_100',
    'blenderbot',
    'whisper',
    'encoder-decoder',
    'led',
    't5gemma',
  ],
  [
    stateSpace,
    'mamba',
    'mamba2',
    'falcon_mamba',
    'jamba',
    'bamba',
    'zamba',
    'zamba2',
    'granitemoehybrid',
    'falcon_h1',
    'nemotron_h',
    'plamo2',
  ],
  [
    experts,
    ...[
      'mixtral',
      'qwen2_moe',
      'qwen3_moe',
      'qwen3_vl_moe',
      'olmoe',
      'granitemoe',
      'granitemoeshared',
      'phimoe',
      'gpt_oss',
      'dbrx',
      'jetmoe',
    ],
    ...[
      'llama4',
      'llama4_text',
      'ernie4_5_moe',
      'glm4_moe',
      'hunyuan_v1_moe',
      'dots1',
      'flex_olmo',
      'lfm2_moe',
      'minimax',
      'arctic',
      'grok-1',
    ],
  ],
  [latent, 'deepseek_v2', 'deepseek_v3', 'kimi_k2', 'longcat_flash', 'minicpm3'],
  [linear, 'qwen3_5', 'qwen3_5_text', 'qwen3_5_moe', 'qwen3_5_moe_text', 'qwen3_next', 'kimi_linear'],
  [recurrent, 'rwkv', 'rwkv5', 'rwkv6', 'rwkv7', 'recurrent_gemma', 'xlstm', 'retnet'],
  ['short convolutions between its attention layers', 'lfm2', 'lfm2_vl', 'lfm2_5'],
  [perLayer, 'gemma3n', 'gemma3n_text', 'gemma4', 'gemma4_text'],
  [
    images,
    ...[
      'gemma3',
      'llava',
      'llava_next',
      'mllama',
      'mllama_text_model',
      'qwen2_vl',
      'qwen2_5_vl',
      'qwen3_vl',
      'idefics3',
      'smolvlm',
      'paligemma',
    ],
    ...['phi3_v', 'phi4_multimodal', 'mistral3', 'internvl', 'clip', 'blip-2', 'pixtral', 'fuyu', 'chameleon', 'qwen2_5_omni'],
  ],
  ['attention with ALiBi, whose scores grow with the distance', 'bloom', 'mpt'],
  ['a rotation of interleaved coordinates in the layout of GPT-J', 'gptj', 'codegen'],
]

const byType = new Map(reasons.flatMap(([why, ...types]) => types.map((type) => [type, why] as const)))

/** Why models of this `model_type` are not read; nothing where nobody has thought of it. */
export const reasonAgainst = (type: unknown): string | undefined => (typeof type === 'string' ? byType.get(type) : undefined)
