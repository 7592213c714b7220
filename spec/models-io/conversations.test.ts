/** Conversations in the forms that data sets write them: read to the same turns; what cannot be read, or would be lost, is refused by name. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { either as E } from 'fp-ts'
import { chatOf, DataError, type Row, tokenizerOf, trainBytePairs } from '../../models/index.ts'
import { parseRows, rowsOf } from '../../models/internal.ts'
import { jsonLines } from '../../models/io/records.ts'

const read = (row: unknown): Row => parseRows(JSON.stringify(row), 'f')[0]!
const refused = (row: unknown, options = {}): string => {
  try {
    parseRows(JSON.stringify(row), 'f', options)
  } catch (error) {
    assert.ok(error instanceof DataError)
    const [{ field, expected, found }] = error.findings as readonly [DataError['findings'][number]]
    return `${field}: ${expected}: ${found}`
  }
  return 'read'
}
const user = { role: 'user', content: 'How?' }
const says = (content: unknown, more = {}) => ({ role: 'assistant', content, ...more })
const pair: Row = { tag: 'paired', prompt: 'user: How?\nassistant:', chosen: ' So.', rejected: ' No.' }
const shown: Row = { tag: 'demonstration', prompt: 'user: How?\nassistant:', completion: ' So.' }

describe('one conversation, written in many ways', () => {
  const pairs: Readonly<Record<string, unknown>> = {
    'lists of turns': { prompt: [user], chosen: [says('So.')], rejected: [says('No.')] },
    'a prompt as text': { prompt: 'How?', chosen: [says('So.')], rejected: [says('No.')] },
    'one turn each': { prompt: [user], chosen: says('So.'), rejected: says('No.') },
    'the prompt repeated in both': { prompt: [user], chosen: [user, says('So.')], rejected: [user, says('No.')] },
    'the prompt as text, repeated as a turn': { prompt: 'How?', chosen: [user, says('So.')], rejected: [user, says('No.')] },
    'no prompt': { chosen: [user, says('So.')], rejected: [user, says('No.')] },
    'an answer as text': { prompt: [user], chosen: 'So.', rejected: 'No.' },
    'the prompt in chosen alone': { chosen: [user, says('So.')], rejected: 'No.' },
    'lists as JSON in texts': { prompt: 'How?', chosen: JSON.stringify([says('So.')]), rejected: JSON.stringify([says('No.')]) },
    'a bot in the role of the system': {
      prompt: [user],
      chosen: [user, { role: 'system', content: 'So.' }],
      rejected: [user, says('No.')],
    },
    'parts of text': {
      prompt: [user],
      chosen: [
        says([
          { type: 'text', text: 'S' },
          { type: 'text', text: 'o.' },
        ]),
      ],
      rejected: [says(['No.'])],
    },
    'ShareGPT turns': {
      prompt: [{ from: 'human', value: 'How?' }],
      chosen: { from: 'gpt', value: 'So.' },
      rejected: { from: 'gpt', value: 'No.' },
    },
  }
  for (const [name, row] of Object.entries(pairs)) test(name, () => assert.deepEqual(read(row), pair))

  const demonstrations: Readonly<Record<string, unknown>> = {
    messages: { messages: [user, says('So.')] },
    'as a JSON text': { messages: JSON.stringify([user, says('So.')]) },
    ShareGPT: {
      conversations: [
        { from: 'human', value: 'How?' },
        { from: 'gpt', value: 'So.' },
      ],
    },
    "Vertex's parts": {
      messages: [
        { role: 'user', parts: [{ text: 'How?' }] },
        { role: 'model', parts: [{ text: 'So.' }] },
      ],
    },
  }
  for (const [name, row] of Object.entries(demonstrations)) test(name, () => assert.deepEqual(read(row), shown))

  test('a system column is the first turn, unless it is there; developer is system', () => {
    const prompt = 'system: Be brief.\nuser: How?\nassistant:'
    const system = { role: 'system', content: 'Be brief.' }
    for (const row of [
      { system: 'Be brief.', prompt: 'How?', completion: 'So.' },
      { system: 'Be brief.', prompt: [system, user], completion: 'So.' },
      { system: 'Be brief.', prompt: [user], completion: [user, says('So.')] },
      { messages: [{ role: 'developer', content: 'Be brief.' }, user, says('So.')] },
    ])
      assert.deepEqual(read(row), { tag: 'demonstration', prompt, completion: ' So.' })
    assert.deepEqual(read({ system: '', prompt: 'How?', completion: 'So.' }), { tag: 'demonstration', prompt: 'How?', completion: 'So.' })
    assert.match(refused({ system: 'Other.', prompt: [system, user], completion: 'So.' }), /^system: what the system turn says/)
  })
})

describe('what cannot be meant is refused', () => {
  const cases: readonly (readonly [string, unknown, RegExp])[] = [
    [
      'another question in the completion',
      { prompt: 'Why?', completion: [user, says('So.')] },
      /^completion: turns that go on from the prompt.*another question, "How\?"/,
    ],
    [
      'pairs that part in the middle',
      { chosen: [user, says('a'), user, says('b')], rejected: [user, says('X'), user, says('c')] },
      /^rejected: the turns of chosen, up to the last: other ones/,
    ],
    [
      'an image',
      { messages: [{ role: 'user', content: [{ type: 'image_url', image_url: 'x' }] }, says('So.')] },
      /^messages\[0\]\.content\[0\]: .*halograd trains on text alone: one of type image_url/,
    ],
    [
      'a turn of the user at the end',
      { messages: [user, says('So.'), user] },
      /^messages\[2\]: a last turn of the assistant: one of the user/,
    ],
    ['a role that nobody has', { messages: [{ role: 'robot', content: 'x' }, says('So.')] }, /^messages\[0\]\.role: one of/],
    [
      'tool calls without a template',
      { messages: [user, says(null, { tool_calls: [{ function: { name: 'f', arguments: '{}' } }] }), says('So.')] },
      /^messages\[1\]: turns of text only.*tool_calls/,
    ],
    ['tools without a template', { tools: [{ name: 'f' }], messages: [user, says('So.')] }, /^tools: turns of text only/],
    [
      'reasoning without a template',
      { messages: [user, says('So.', { reasoning_content: 'well' })] },
      /^messages\[1\]: turns of text only.*reasoning_content/,
    ],
  ]
  for (const [name, row, message] of cases) test(name, () => assert.match(refused(row), message))
})

describe('templates and what they leave out', () => {
  const chat = (template: string) => ({ render: chatOf({ config: { chat_template: template, eos_token: '</s>' } })!.render })
  const full = `{% if tools %}{{ tools | tojson }}{% endif %}{% for m in messages %}[{{ m.role }}]{% if m.reasoning_content %}<think>{{ m.reasoning_content }}</think>{% endif %}{{ m.content }}{% for c in m.tool_calls or [] %}<call>{{ c.function.name }} {{ c.function.arguments | tojson }}</call>{% endfor %}{% endfor %}{% if add_generation_prompt %}[assistant]{% endif %}`
  const bare = '{% for m in messages %}[{{ m.role }}]{{ m.content }}{% endfor %}{% if add_generation_prompt %}[assistant]{% endif %}'
  const calls = [{ id: '1', type: 'function', function: { name: 'area', arguments: '{"r": 2}' } }]
  const used = {
    tools: JSON.stringify([{ type: 'function', function: { name: 'area' } }]),
    messages: [user, says(null, { tool_calls: calls }), { role: 'tool', content: '12', tool_call_id: '1' }, says('12.')],
  }

  test('tools, calls and reasoning reach a template that writes them', () => {
    const [row] = parseRows(JSON.stringify(used), 'f', chat(full))
    assert.ok(row?.tag === 'demonstration')
    assert.equal(
      row.prompt,
      '[{"type": "function", "function": {"name": "area"}}][user]How?[assistant]<call>area {"r": 2}</call>[tool]12[assistant]',
    )
    const [thought] = parseRows(JSON.stringify({ messages: [user, says('So.', { reasoning_content: 'well' })] }), 'f', chat(full))
    assert.ok(thought?.tag === 'demonstration' && thought.completion === '<think>well</think>So.')
  })
  test('what another template leaves out is refused', () => {
    assert.match(refused(used, chat(bare)), /^tools: a chat template that writes the tool "area"/)
    assert.match(refused({ messages: used.messages }, chat(bare)), /^messages\[1\]\.tool_calls: a chat template that writes the tool calls/)
    assert.match(refused({ messages: [user, says('So.', { reasoning_content: 'well' })] }, chat(bare)), /^messages\[1\]: .*the reasoning/)
    const strips = bare.replace('{{ m.content }}', "{{ m.content.split('</think>')[-1] }}")
    assert.match(refused({ messages: [user, says('<think>well</think>So.')] }, chat(strips)), /^messages\[1\]: .*the reasoning/)
    assert.equal(refused({ messages: [user, says('<think>well</think>So.')] }, chat(bare)), 'read')
  })
})

test('verdicts in common ways; draws and scores are none', () => {
  const label = (value: unknown) => refused({ prompt: 'p', completion: 'c', label: value })
  for (const good of [true, 1, '1', 'True', 'good', 'thumbs_up', 'thumbsUp', 'Thumbs-Up', '👍', '👍🏽', 'yes', 'LIKE'])
    assert.deepEqual(read({ prompt: 'p', completion: 'c', label: good }), { tag: 'labelled', prompt: 'p', completion: 'c', label: true })
  for (const bad of [false, 0, -1, '-1', 'FALSE', 'BAD', 'thumbsDown', '👎', 'dislike'])
    assert.deepEqual(read({ prompt: 'p', completion: 'c', label: bad }), { tag: 'labelled', prompt: 'p', completion: 'c', label: false })
  for (const none of [0.7, 5, '', '--', 'maybe', null, []]) assert.match(label(none), /^label: true or false/)
  const rows = [1, -1, 0].map((value) => JSON.stringify({ prompt: 'p', completion: 'c', label: value }))
  assert.throws(() => parseRows(rows.join('\n'), 'f'), /f:3, field label: expected labels of one scale.*found 0 here, and -1 on line 2/)
  assert.equal(parseRows(rows.slice(0, 2).join('\n'), 'f').length, 2)
})

describe('what is beside a row is not passed over', () => {
  const cases: readonly (readonly [string, unknown, RegExp])[] = [
    ['pictures', { messages: [user, says('So.')], images: ['a.png'] }, /^images: none: halograd trains on text alone: 1/],
    [
      'lists that Python wrote',
      { prompt: "[{'role': 'user', 'content': 'How?'}]", completion: 'So.' },
      /^prompt: turns as JSON: turns as Python writes them/,
    ],
    [
      'a last turn that is not to be learnt',
      { messages: [user, says('So.', { weight: 0 })] },
      /^messages\[1\]: a last turn that is to be learnt/,
    ],
  ]
  for (const [name, row, message] of cases) test(name, () => assert.match(refused(row), message))
  test('near misses are read', () => {
    for (const row of [
      { messages: [user, says('So.')], images: [] },
      { prompt: "['a', 'b'] is a list", completion: 'So.' },
      { messages: [user, says('No.', { weight: 0 }), user, says('So.', { weight: 1 })] },
    ])
      assert.equal(refused(row), 'read')
  })

  test('a prompt that both completions repeat is read once; a score without a label is told', () => {
    const prompt = 'Question: how far is it? Answer:'
    assert.deepEqual(read({ prompt, chosen: `${prompt} Near.`, rejected: `${prompt} Far.` }), {
      tag: 'paired',
      prompt,
      chosen: ' Near.',
      rejected: ' Far.',
    })
    assert.deepEqual(read({ prompt, chosen: `${prompt} Near.`, rejected: 'Far.' }), {
      tag: 'paired',
      prompt,
      chosen: `${prompt} Near.`,
      rejected: 'Far.',
    })
    const notes = (row: unknown) => [...rowsOf(jsonLines(JSON.stringify(row)), 'f').notes.keys()]
    assert.match(notes({ prompt, completion: `${prompt} Near.` })[0]!, /begins with the whole prompt/)
    assert.match(notes({ prompt: 'p', completion: 'c', rating: 1 })[0]!, /^rating is not read/)
    assert.deepEqual(notes({ prompt: 'p', completion: 'c', rating: 1, label: true }), [])
    assert.match(
      notes({ prompt: [user], completion: [says('b'), { role: 'user', content: 'Why?' }, says('d')] })[0]!,
      /only the last is learnt/,
    )
  })
})

test('a template without a cue for an answer: what it writes before answers is the prompt’s', () => {
  const chat = chatOf({
    config: { chat_template: '{% for m in messages %}<|{{ m.role }}|>\n{{ m.content }}</s>\n{% endfor %}', eos_token: '</s>' },
  })!
  const [row] = parseRows(JSON.stringify({ messages: [user, says('So.')] }), 'f', chat)
  assert.deepEqual(row, { tag: 'demonstration', prompt: '<|user|>\nHow?</s>\n<|assistant|>\n', completion: 'So.' })
  assert.deepEqual(chat.prompt([{ role: 'user', content: 'How?' }]), { _tag: 'Right', right: '<|user|>\nHow?</s>\n<|assistant|>\n' })
})

test('a special token that a user spells is text, in training and in generation; one that the template writes is the token', () => {
  const { json, config } = trainBytePairs('the cat sat', { vocabularySize: 258, specialTokens: ['<|im_end|>'] })
  const template = '{% for m in messages %}{{ m.content }}<|im_end|>{% endfor %}'
  const tokenizer = tokenizerOf(json, { ...config, chat_template: template })
  const chat = chatOf(tokenizer)!
  const end = tokenizer.encode('<|im_end|>')[0]!
  const text = (ids: readonly number[]): string => tokenizer.decode(ids)
  for (const spelling of ['Hi<|im_end|>', '<|im_end|><|im_end|>x', 'a\uFDD1<|im_\uFDD1end|>']) {
    const prompt = E.getOrElse(() => '')(chat.prompt([{ role: 'user', content: spelling }]))
    const ids = tokenizer.encode(prompt)
    assert.equal(ids.filter((id) => id === end).length, 1, 'the one of the template')
    assert.equal(text(ids), spelling.replaceAll('\uFDD1', ''))
    const [row] = parseRows(JSON.stringify({ messages: [{ role: 'user', content: 'Q' }, says(spelling)] }), 'f', chat)
    const completion = row?.tag === 'demonstration' ? row.completion : ''
    assert.ok(
      completion !== '' && !tokenizer.encode(completion, { continues: true }).includes(end),
      'what ends the answer is added by training',
    )
  }
  assert.equal(tokenizer.encode('Hi<|im_end|>').at(-1), end, 'control: outside of a rendered turn the spelling is the token')
})

test('a turn that spells a special token is told', () => {
  const json = {
    added_tokens: [
      { content: '<|im_end|>', special: true },
      { content: '<think>', special: false },
    ],
  }
  const chat = chatOf({ json, config: { chat_template: '{% for m in messages %}{{ m.content }}|{% endfor %}' } })!
  const notes = (content: string) => [
    ...rowsOf(jsonLines(JSON.stringify({ messages: [{ role: 'user', content }, says('So.')] })), 'f', chat).notes.keys(),
  ]
  assert.match(notes('Hi<|im_end|>')[0]!, /spells the special token <\|im_end\|>/)
  assert.deepEqual(notes('Hi <think>'), [])
})
