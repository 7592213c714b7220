/**
 * Fields of a `config.json` that its family did not ask for. Most are of no account for what a model computes; one that sounds as if it changed that,
 * and is set, is refused by name.
 */
import { isObject, type Json, type JsonFields } from '../io/fields.ts'

/** What checkpoints carry of training, of the library, of classification; it changes nothing that a trained model computes. */
const harmless = new Set(
  `architectures model_type vocab_size torch_dtype dtype transformers_version use_cache initializer_range init_std initializer_cutoff_factor
  pad_token_id sep_token_id cls_token_id mask_token_id unk_token_id decoder_start_token_id bos_token_id eos_token_id
  attention_dropout attn_pdrop resid_pdrop embd_pdrop embed_dropout resid_dropout dropout dropout_rate activation_dropout attn_dropout
  attention_dropout_prob attention_probs_dropout_prob hidden_dropout hidden_dropout_prob classifier_dropout layerdrop summary_type
  summary_use_proj summary_activation summary_proj_to_labels summary_first_dropout task_specific_params pretraining_tp gradient_checkpointing
  n_ctx n_positions reorder_and_upcast_attn auto_map id2label label2id num_labels problem_type output_attentions output_hidden_states return_dict
  cache_implementation attn_implementation _attn_implementation _attn_implementation_autoset _attn_implementation_internal use_flash_attn
  use_flash_attention_2 _flash_attn_2_enabled prefix is_llama_config rope_interleaved max_window_layers tokenizer_class
  is_decoder tie_encoder_decoder attention_layers logits_to_keep num_logits_to_keep fused_norm fuse_norm fused_bias_fc use_fused_rms_norm
  max_length min_length position_ids padding_side layer_norm_elementwise_affine vocab_pad_multiple pad_vocab_size_multiple`
    .trim()
    .split(/\s+/),
)

const sounding =
  /rope|rotary|rot_|attn|attention|norm|scal|cap|window|multipl|factor|bias|expert|alibi|logit|residual|position|ssm|conv|mamba|moe|rout|act|clip|sink|mlp|ffn|ff_|head|layer|embed|gate|sparse|lora|mup|latent|mtp|nextn|nope|cross|causal|bidirectional|parallel|share|qk_|qkv|_kv|pattern|interval|temperature|chunk|compress|hyper|group/i

/** What switches a field off: nothing, no, 0, a factor of 1, attention to everything in every layer. */
const isNeutral = (value: unknown): boolean =>
  value === null ||
  value === false ||
  value === 0 ||
  value === 1 ||
  value === 'default' ||
  (Array.isArray(value) && value.every((each) => each === 'full_attention')) ||
  (isObject(value) && Object.keys(value).length === 0)

/** Adds a finding for every field that may change what the model computes, and that nobody has read. */
export const refuseUnknown = (json: Json, fields: JsonFields): void => {
  const { quantization_config: quantization, compression_config: compression } = json
  const quantized = quantization ?? compression ?? undefined
  if (quantized !== undefined) {
    const method = isObject(quantized) ? (quantized.quant_method ?? quantized.format ?? quantized) : quantized
    fields.flaw(
      quantization === undefined ? 'compression_config' : 'quantization_config',
      'weights that are not quantized',
      method,
      'Use the checkpoint that this one was quantized from, in F32, F16 or BF16: GPTQ, AWQ, bitsandbytes and their like are not read.',
    )
  }
  for (const part of ['vision_config', 'audio_config', 'text_config'])
    if (isObject(json[part]) && Object.keys(json[part]).length > 0)
      fields.flaw(part, 'a model of text alone', 'another', 'Extract the language model with its own config.json.')
  if (json.is_encoder_decoder === true)
    fields.flaw('is_encoder_decoder', 'false', true, 'Use a decoder-only model: encoders are not implemented.')
  for (const [field, value] of Object.entries(json))
    if (!fields.read.has(field) && !harmless.has(field) && sounding.test(field) && !isNeutral(value))
      fields.flaw(
        field,
        'no such field in this family, or one that is switched off',
        value,
        'It may change what the model computes. Remove it if it means nothing; otherwise use a checkpoint without it.',
      )
}
