/** What Open WebUI exports: a rating, with the chat that it is about. */
export const feedbackOfOpenWebui = (i: number) => {
  const [asked, answered] = [`u${i}`, `a${i}`]
  const messages = {
    [asked]: { id: asked, parentId: null, role: 'user', content: `the cat ${i}` },
    [answered]: { id: answered, parentId: asked, role: 'assistant', content: i % 2 === 0 ? 'a good cat' : 'a bad dog' },
  }
  return {
    ...{ id: `f${i}`, type: 'rating', data: { rating: i % 2 === 0 ? 1 : -1, model_id: 'm' }, meta: { message_id: answered, chat_id: 'c' } },
    snapshot: { chat: { chat: { history: { messages } } } },
  }
}
