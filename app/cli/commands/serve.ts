/** `halograd serve`: a model behind OpenAI's API, and a page to talk on, which keeps thumbs. */
import { Command } from 'commander'
import { type BackendOptions, backendOptions, integer, notNegative, positive } from '../../inputs/options.ts'
import type { Terminal } from '../../terminal/terminal.ts'

export interface ServeCommandOptions extends BackendOptions {
  readonly model: string
  readonly adapters?: string
  readonly out?: string
  readonly host: string
  readonly port: number
  readonly token?: string
  readonly queue: number
  readonly timeout: number
  readonly maxTokens: number
  readonly temperature: number
  readonly verbose?: true
}

export const command = (terminal: Terminal): Command =>
  backendOptions(
    new Command('serve')
      .summary('answer over HTTP, and keep thumbs')
      .description(
        "Serves OpenAI's chat completions API (streams, several choices, stop, seed, logprobs) and a page to talk on at /. What people say of answers is kept in a file that `halograd align --data` takes as it is. Prints its address on standard output when it is ready; Ctrl-C ends it.",
      )
      .requiredOption('--model <dir>', 'a Hugging Face directory (config.json, model.safetensors, tokenizer.json), or hf:owner/name')
      .option('--adapters <dir>', 'LoRA adapters of this model')
      .option('--out <file>', 'where to keep what people say of answers: appended to, never rewritten')
      .option('--host <name>', 'the address to listen on; any but this machine needs --token', '127.0.0.1')
      .option('--port <n>', 'the port to listen on; 0: any that is free', integer(0, 65535), 8080)
      .option('--token <text>', 'clients must send it, as OpenAI clients send their API key (default: HALOGRAD_TOKEN, if set)')
      .option('--queue <n>', 'requests that may wait; more are refused', integer(1), 32)
      .option('--timeout <seconds>', 'for an answer, waiting included', positive, 300)
      .option('--max-tokens <n>', 'of an answer, where a request does not say', integer(1), 512)
      .option('--temperature <t>', 'where a request does not say', notNegative, 1),
  )
    .optionsGroup('Options:')
    .option('--verbose', 'show where in the program an error came from')
    .addHelpText(
      'after',
      `
POST /v1/feedback takes {"id": "chatcmpl-…", "index": 0} with "verdict": "up" or "down", "correction": "…", or "preferred_over": 1 (another
index); or, instead of the id, {"messages": […], "completion": "…"}. It answers when the event is on the disk.

Examples:
  halograd serve --model ./SmolLM2-135M-Instruct --out thumbs.jsonl
  curl localhost:8080/v1/chat/completions -H 'content-type: application/json' -d '{"messages": [{"role": "user", "content": "Hello"}]}'
  curl localhost:8080/v1/feedback -H 'content-type: application/json' -d '{"id": "chatcmpl-…", "verdict": "up"}'`,
    )
    .action(async (options: ServeCommandOptions) => (await import('../serving.ts')).serve(terminal, options))
