/** The page at `/`: a plain chat with thumbs, one document without anything from elsewhere. Texts are only ever set as text, never as markup. */

const escaped = (text: string): string => text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`)

const style = `  body { font: 16px/1.5 system-ui, sans-serif; max-width: 42rem; margin: 0 auto; padding: 1rem; color-scheme: light dark }
  article { white-space: pre-wrap; padding: .5rem .75rem; margin: .5rem 0; border-radius: .5rem }
  .user { background: color-mix(in srgb, currentColor 10%, transparent); margin-left: 20% }
  .error { color: #b00 }
  form { display: flex; gap: .5rem; position: sticky; bottom: 0; padding: .5rem 0; background: Canvas }
  textarea { flex: 1; font: inherit }
  button { font: inherit; cursor: pointer }
`

const script = `const [main, form] = ['main', 'form'].map((name) => document.querySelector(name))
const box = form.querySelector('textarea')
const messages = []
const add = (kind, text) => {
  const item = document.createElement('article')
  item.className = kind
  item.textContent = text
  main.append(item)
  return item
}
const post = async (path, body) => {
  const token = sessionStorage.getItem('token')
  const headers = { 'content-type': 'application/json', ...(token && { authorization: 'Bearer ' + token }) }
  const response = await fetch(path, { method: 'POST', headers, body: JSON.stringify(body) })
  if (response.status === 401) {
    const given = prompt('Token')
    if (given) { sessionStorage.setItem('token', given); return post(path, body) }
  }
  if (!response.ok) throw new Error((await response.json()).error.message)
  return response
}
const thumbs = (id, message) => {
  const bar = document.createElement('div')
  const judge = (label, name, body) => {
    const button = document.createElement('button')
    button.textContent = label
    button.title = name
    button.setAttribute('aria-label', name)
    button.onclick = async () => {
      const said = body()
      if (!said) return
      try {
        await post('/v1/feedback', { id, ...said })
        if (said.correction) message.content = said.correction
        bar.textContent = label + ' kept, thank you'
      } catch (error) { add('error', error.message) }
    }
    bar.append(button)
  }
  judge('👍', 'good answer', () => ({ verdict: 'up' }))
  judge('👎', 'bad answer', () => ({ verdict: 'down' }))
  judge('✎', 'correct the answer', () => {
    const correction = prompt('What should the answer have been?', message.content)
    return correction && { correction }
  })
  main.append(bar)
}
const ask = async () => {
  const item = add('assistant', '')
  const response = await post('/v1/chat/completions', { messages, stream: true })
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
  let rest = '', id = ''
  for (;;) {
    const { done, value } = await reader.read()
    if (done) break
    const events = (rest + value).split('\\n\\n')
    rest = events.pop()
    for (const event of events) {
      if (event === 'data: [DONE]') continue
      const data = JSON.parse(event.slice(6))
      if (data.error) throw new Error(data.error.message)
      id = data.id
      item.textContent += data.choices[0]?.delta.content ?? ''
    }
  }
  const message = { role: 'assistant', content: item.textContent }
  messages.push(message)
  if (collects) thumbs(id, message)
}
form.onsubmit = async (event) => {
  event.preventDefault()
  const content = box.value.trim()
  if (!content) return
  messages.push({ role: 'user', content })
  add('user', content)
  box.value = ''
  form.querySelector('button').disabled = true
  try { await ask() } catch (error) { messages.pop(); add('error', error.message) }
  form.querySelector('button').disabled = false
}
box.onkeydown = (event) => {
  if (event.key === 'Enter' && !event.shiftKey) { event.preventDefault(); form.requestSubmit() }
}
`

/** @param collects whether there is somewhere for feedback to go */
export const page = (model: string, collects: boolean): string => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(model)}</title>
<style>
${style}</style>
<h1>${escaped(model)}</h1>
<main aria-live="polite"></main>
<form><textarea rows="2" placeholder="Ask something" aria-label="Your question" required></textarea><button>Send</button></form>
<script type="module">
const collects = ${collects}
${script}</script>
</html>
`
