/**
 * What customers of a small shop ask, and what may be answered: a grammar (see grammar.ts) for each topic. The right answer to a question is a fact,
 * by which a rule knows it; a wrong one says another.
 */
export interface SupportTopic {
  /** What a question of this topic says, and no other. */
  readonly about: RegExp
  readonly asks: readonly string[]
  /** What a right answer says. */
  readonly fact: RegExp
  readonly right: readonly string[]
  readonly wrong: readonly string[]
}

export const items = ['kettle', 'lamp', 'blanket', 'chair', 'teapot', 'mirror', 'clock', 'desk', 'vase', 'mug'] as const

const can = '[Can|May|Could] I'
const topic = (about: RegExp, asks: readonly string[], fact: RegExp, right: readonly string[], wrong: readonly string[]): SupportTopic => ({
  ...{ about, asks, fact, right, wrong },
})

export const topics: readonly SupportTopic[] = [
  topic(
    /return|send .* back|changed my mind/i,
    [
      '[How long|How many days] do I have to return the {item}?',
      `${can} [still |]send the {item} back?`,
      `I changed my mind about the {item}. ${can} return it?`,
    ],
    /30 days/,
    ['You can return the {item} within 30 days.', 'You have 30 days to send the {item} back.', 'The {item} can come back within 30 days.'],
    ['You can return the {item} within 7 days.', 'You have 90 days to send the {item} back.', 'The {item} can not be returned.'],
  ),
  topic(
    /refund|money/i,
    [
      '[When|How soon] do I get [my money|a refund] for the {item}?',
      'I [still |]wait for [the refund|my money] for the {item}.',
      'How long does [a|the] refund take?',
    ],
    /five days/,
    ['The refund takes five days.', '[Your|The] money is back within five days.', 'We refund the {item} within five days.'],
    ['The refund takes two months.', 'We pay with a voucher only.', 'There is no refund for the {item}.'],
  ),
  topic(
    /arrive\?|delivery take|get here/i,
    ['When does [the|my] {item} arrive?', 'How long does delivery take?', 'How soon [can|will] the {item} get here?'],
    /three days/,
    ['[Delivery takes|It takes] three days.', 'The {item} arrives in three days.', 'It will be with you in three days.'],
    ['Delivery takes three weeks.', 'The {item} arrives next month.', 'It will be with you in an hour.'],
  ),
  topic(
    /delivery cost|pay for delivery|delivery free/i,
    ['[What|How much] does delivery cost?', 'Do I [have to |]pay for delivery of the {item}?', 'Is delivery free?'],
    /free over 40/,
    ['Delivery is free over 40 pounds.', 'It is free over 40 pounds.', 'We deliver free over 40 pounds.'],
    ['Delivery is 90 pounds.', 'Delivery is never free.', 'We do not deliver the {item}.'],
  ),
  topic(
    /track|where is (the|my) (?!receipt|invoice)/i,
    ['Where is [the|my] {item}?', '[How can I|How do I|Can I] track my order?', '[How can I|How do I|Can I] track the {item}?'],
    /link in (our|the) email/,
    [
      'You can track it with the link in our email.',
      '[Please use|Use] the link in our email to track it.',
      'The link in the email shows where the {item} is.',
    ],
    ['You can not track it.', 'Call the driver to track it.', 'The {item} was never sent.'],
  ),
  topic(
    /broken|damaged/i,
    [
      '[The|My] {item} [arrived|came] [broken|damaged].',
      'The {item} is [broken|damaged]. What now?',
      'What [can|do] I do with a [broken|damaged] {item}?',
    ],
    /send us a photo/,
    [
      '[Sorry. |]Please send us a photo and we replace the {item}.',
      '[Sorry about that. |]If you send us a photo, a new {item} is on its way.',
      'We replace it when you send us a photo.',
    ],
    ['You can glue the {item}.', 'We do not replace the {item}.', 'You have to buy a new {item}.'],
  ),
  topic(
    /warranty|guarantee/i,
    [
      'How long is the [warranty|guarantee] [on|of] the {item}?',
      'Does the {item} have a [warranty|guarantee]?',
      'Is there a [warranty|guarantee]?',
    ],
    /two years/,
    ['The {item} has a warranty of two years.', 'There is a warranty of two years.', 'It is covered for two years.'],
    ['The {item} has a warranty of one week.', 'There is no warranty.', 'It is covered for ten years.'],
  ),
  topic(
    /cancel/i,
    [`${can} [still |]cancel my order?`, 'I want to cancel the {item}.', 'How do I cancel [my order|the {item}]?'],
    /until it ships/,
    [
      'You can cancel until it ships.',
      'Yes, the {item} can be cancelled until it ships.',
      'Orders can be cancelled until it ships, in your account.',
    ],
    ['You can never cancel.', 'You must cancel by letter.', 'To cancel costs 50 pounds.'],
  ),
  topic(
    /address|moved/i,
    [
      '[How do I|Can I] change my address?',
      'I [have |]moved. [How do I|Can I] change the address?',
      'The {item} goes to the wrong address.',
    ],
    /under orders/,
    [
      'You can change the address under orders in your account.',
      'Please change it under orders in your account.',
      'Open your account, and change it under orders.',
    ],
    ['The address can not be changed.', 'You have to ask the driver.', 'You must order the {item} again.'],
  ),
  topic(
    /password|sign in|log in/i,
    ['I forgot my password.', 'I can not [sign in|log in].', 'How do I [reset|change] my password?'],
    /forgot password/,
    [
      'Click forgot password on the first page.',
      'Please click forgot password, and we send a new one.',
      'You can reset it with forgot password.',
    ],
    ['You need a new account.', 'Your password is 1234.', 'Passwords can not be changed.'],
  ),
  topic(
    /pay (by|with)|to pay\?/i,
    [
      '[Can I|May I] pay [by|with] [card|cash|transfer]?',
      'What [are the ways|ways are there] to pay?',
      '[How can I|Can I] pay with a card for the {item}?',
    ],
    /card or transfer/,
    ['You can pay by card or transfer.', 'We take card or transfer.', 'The {item} can be paid by card or transfer.'],
    ['You can pay in gold only.', 'We take cash by post.', 'You must pay twice.'],
  ),
  topic(
    /invoice|receipt|bill/i,
    [
      'Where is my [invoice|receipt]?',
      'I need [an invoice|a receipt] for the {item}.',
      '[Can|Could] you send [me |][the invoice|a receipt|a bill]?',
    ],
    /under bills/,
    ['You find it under bills in your account.', 'The receipt for the {item} is under bills.', 'It is under bills in your account.'],
    ['We write no receipts.', 'You have to write it yourself.', 'The receipt was lost.'],
  ),
  topic(
    /student|discount/i,
    ['Is there a [student |]discount?', 'I am a student. Is the {item} cheaper?', 'Do you give [a discount|discounts]?'],
    /ten percent/,
    ['Students get ten percent off.', 'There is ten percent off for students.', 'The {item} is ten percent off for students.'],
    ['There are no discounts.', 'Students pay double.', 'The {item} is 99 percent off.'],
  ),
  topic(
    /gift|wrap/i,
    ['Can you [gift wrap|wrap] the {item}?', 'The {item} is a gift. Can you wrap it?', 'Do you do gift wrapping?'],
    /three pounds/,
    ['Yes, we wrap it for three pounds.', 'We wrap the {item} for three pounds.', 'Gift wrapping is three pounds.'],
    ['We do not wrap anything.', 'Wrapping is 70 pounds.', 'We wrap the {item} in old newspaper.'],
  ),
  topic(
    /open|close\?|hours/i,
    [
      'When [are you open|do you open|do you close]?',
      'Are you open [on Monday|on Friday|on Sunday|today]?',
      'What are your [opening |]hours?',
    ],
    /nine to six/,
    ['We are open from nine to six.', 'The shop is open every day from nine to six.', 'Our hours are nine to six.'],
    ['We are open at midnight only.', 'The shop is closed for ever.', 'We are open for one hour.'],
  ),
  topic(
    /stock|sold out|available/i,
    [
      'Is the {item} [in stock|available]?',
      'The {item} is sold out. [When is it back|When do you get more]?',
      'When is the {item} in stock again?',
    ],
    /next week/,
    ['The {item} is back next week.', 'New ones come next week.', 'We get more of it next week.'],
    ['The {item} is gone for ever.', 'New ones come in ten years.', 'We never had it.'],
  ),
  topic(
    /missing|part/i,
    ['A part of the {item} is missing.', '[There is a|A] screw is missing.', 'Where can I get parts for the {item}?'],
    /post the part today/,
    ['[Sorry. |]We post the part today.', 'We post the part today, free of charge.', 'No problem, we post the part today.'],
    ['You do not need that part.', 'Parts cost more than the {item}.', 'Make it from wood.'],
  ),
  topic(
    /colou?r|in (red|blue|green)/i,
    [
      '[Can I get|Do you have] the {item} in [red|blue|green]?',
      '[Can I|May I] swap the {item} for another colour?',
      'The {item} is the wrong colour.',
    ],
    /swap (it )?for free/,
    ['You can swap it for free.', 'We swap it for free.', 'Any colour, and you can swap for free.'],
    ['It comes in grey only.', 'To swap costs 80 pounds.', 'You have to paint the {item}.'],
  ),
  topic(
    /clean|wash/i,
    ['How do I [clean|wash] the {item}?', '[Can I|May I] wash the {item}?', 'How [should|can] the {item} be cleaned?'],
    /damp cloth/,
    ['Clean the {item} with a damp cloth.', 'A damp cloth is best.', 'Please use a damp cloth and no soap.'],
    ['Clean the {item} with paint.', 'You can burn it off.', 'Never clean the {item}.'],
  ),
  topic(
    /collect|pick .* up/i,
    ['[Can I|May I] collect the {item} in the shop?', '[Can I|May I] pick the {item} up?', 'When can I collect my order?'],
    /two hours/,
    ['Yes, it is ready in two hours.', 'You can collect the {item} in two hours.', 'Your order is ready in two hours.'],
    ['You can not collect it.', 'It is ready in two years.', 'The {item} is with our neighbour.'],
  ),
  topic(
    /newsletter|emails|unsubscribe/i,
    ['How do I [stop|leave] the newsletter?', 'I get too many emails.', 'How do I unsubscribe?'],
    /last line/,
    ['Click on the last line of any email.', 'The last line of each email lets you leave.', 'Just use the last line of the newsletter.'],
    ['You can not leave.', 'We will send you more.', 'Throw the computer away.'],
  ),
]

/** How questions and answers begin and end. Most do neither. */
export const asking = '[Excuse me. |Quick question. |||||]'
export const opening = '[Thank you for asking. |Happy to help. |Good question. |Gladly. |||||]'
export const closing = '[ Have a nice day.| I hope that helps.| Is there anything else?||||||]'

export const rude = [
  '[Read the page.|It is all on the page, just look.|Stop asking.|That is not my problem.|Do I look like a map?]',
  '[Obviously you did not read anything.|Ask someone who cares.|What a silly question.|Oh no, you again.|How lazy are you?]',
] as const
export const rudeWords = /read the page|just look|stop asking|not my problem|look like a map|obviously|who cares|silly|you again|lazy/i

export const evasive = [
  '[Hard to say.|It depends.|I am not sure.|We will see.|That is difficult.|Perhaps.|I would have to ask.]',
  '[Somebody else may know.|There are many views on this.|It is not for me to say.|Things change all the time.|Who can tell?]',
] as const

export const digression = [
  '[Well, let me think about that for a moment.|Before I answer, a few words about our shop.|There are many things to consider here.]',
  '[As you may know, we have been open since 1962.|My grandmother had a {item} just like that.|I once sold a {item} to a sailor.]',
  '[The weather is lovely today, is it not?|Some people like tea in the afternoon.|My dog sleeps under the counter.]',
] as const

export const greetings = [
  {
    customer: '[Hello|Hi|Good morning|Good evening][.|, I have a question.]',
    agent: '[Hello|Hi|Welcome], [how can I help|what can I do for you]?',
  },
] as const
