/** Chat templates: the texts that models were trained on, as prompt and completion, without the tokens that encoding adds. */
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { either as E } from 'fp-ts'
import { chatOf, loadTokenizer, TokenizerError, type Turn, trainBytePairs } from '../../models/index.ts'
import { parseRows } from '../../models/internal.ts'

const folder = await mkdtemp(join(tmpdir(), 'halograd-chat-'))
after(() => rm(folder, { recursive: true }))

/** As Qwen's and many others' say it. */
const chatML = `{% for message in messages %}{{'<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}`
/** As Llama 2's, shortened: it takes no system turns here, and says so. */
const llama2 = `{{ bos_token }}{% for message in messages %}{% if message['role'] == 'user' %}{{ '[INST] ' + message['content'].strip() + ' [/INST]' }}{% elif message['role'] == 'assistant' %}{{ ' ' + message['content'].strip() + ' ' + eos_token }}{% else %}{{ raise_exception('Only user and assistant roles are supported!') }}{% endif %}{% endfor %}`

const turns: readonly Turn[] = [
  { role: 'user', content: 'Hi ' },
  { role: 'assistant', content: 'Hello' },
  { role: 'user', content: 'How?' },
  { role: 'assistant', content: 'So.' },
]
const rendered = (config: Readonly<Record<string, unknown>>, given = turns) => chatOf({ config })!.render(given)

test('a template writes prompt and completion; the end of text is left to encoding', () => {
  assert.deepEqual(
    rendered({ chat_template: chatML, eos_token: '<|im_end|>' }),
    E.right({
      prompt:
        '<|im_start|>user\nHi <|im_end|>\n<|im_start|>assistant\nHello<|im_end|>\n<|im_start|>user\nHow?<|im_end|>\n<|im_start|>assistant\n',
      completion: 'So.',
    }),
  )
  assert.deepEqual(
    rendered({
      chat_template: [
        { name: 'tools', template: 'x' },
        { name: 'default', template: llama2 },
      ],
      bos_token: { content: '<s>' },
      eos_token: '</s>',
    }),
    E.right({ prompt: '[INST] Hi [/INST] Hello </s>[INST] How? [/INST]', completion: ' So. ' }),
  )
  // Where the end of a turn is not the end of a text, it belongs to the completion.
  assert.deepEqual(
    E.map((r: { completion: string }) => r.completion)(rendered({ chat_template: chatML, eos_token: '</s>' })),
    E.right('So.<|im_end|>\n'),
  )
})

test('without a template there is none; a malformed one is refused', () => {
  assert.equal(chatOf({ config: {} }), undefined)
  assert.throws(() => chatOf({ config: { chat_template: '{% for %}' } }), TokenizerError)
})

test('rows of conversations are written by the template; what it refuses is a flaw of the line', () => {
  const lines = (...rows: readonly unknown[]) => rows.map((row) => JSON.stringify(row)).join('\n')
  const { render } = chatOf({ config: { chat_template: llama2, bos_token: '<s>', eos_token: '</s>' } })!
  const pair = { chosen: turns, rejected: [...turns.slice(0, 3), { role: 'assistant', content: 'No.' }] }
  assert.deepEqual(parseRows(lines(pair), 'f', { render }), [
    { tag: 'paired', prompt: '[INST] Hi [/INST] Hello </s>[INST] How? [/INST]', chosen: ' So. ', rejected: ' No. ' },
  ])
  const system = { messages: [{ role: 'system', content: 'Be brief.' }, ...turns] }
  assert.throws(
    () => parseRows(lines({ messages: turns }, system), 'f', { render }),
    /f:2, field messages: expected turns that the model's chat template accepts, found ".*Only user and assistant roles/,
  )
})

test('a template that rewrites earlier turns has no prompt and completion, and says so', () => {
  const hides = `{% for message in messages %}{% if loop.last %}{{ message['content'] }}{% endif %}{% endfor %}`
  const found = rendered({ chat_template: hides })
  assert.ok(E.isLeft(found) && /begins with its prompt "How\?"/.test(found.left.expected))
})

test('chat_template.jinja in a model directory counts', async () => {
  const { json, config } = trainBytePairs('the cat sat', { vocabularySize: 260, specialTokens: ['<|end|>'] })
  await writeFile(join(folder, 'tokenizer.json'), JSON.stringify(json))
  await writeFile(join(folder, 'tokenizer_config.json'), JSON.stringify({ ...config, chat_template: 'old' }))
  await writeFile(join(folder, 'chat_template.jinja'), chatML)
  assert.deepEqual(
    chatOf(await loadTokenizer(folder))!.prompt([turns[0]!]),
    E.right('<|im_start|>user\nHi <|im_end|>\n<|im_start|>assistant\n'),
  )
})
