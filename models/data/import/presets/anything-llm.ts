/** AnythingLLM: chats as JSON or CSV, with the verdict GOOD, BAD or "--" (none). */
import type { Preset } from '../mapping.ts'

export const preset: Preset = {
  title: "AnythingLLM's chats",
  source: 'https://github.com/Mintplex-Labs/anything-llm/blob/master/server/utils/helpers/chat/convertTo.js',
  mappings: [
    {
      keys: ['prompt', 'response', 'rating', 'workspace'],
      messages: ({ prompt, response }) => [
        { role: 'user', content: prompt },
        { role: 'assistant', content: response },
      ],
      verdict: 'rating',
      good: ['GOOD'],
      bad: ['BAD'],
      columns: { time: 'sent_at', workspace: 'workspace', user: 'username' },
      check: ({ attachments }) =>
        Array.isArray(attachments) && attachments.length > 0
          ? [
              {
                field: 'attachments',
                expected: 'none: halograd trains on text alone',
                found: `${attachments.length}`,
                advice: 'The row is left out.',
              },
            ]
          : [],
    },
  ],
}
