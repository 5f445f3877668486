// @ts-check
/**
 * Reads server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html) from a response. An EventSource cannot send
 * the token that the stream asks for. Resolves when the stream ends.
 * @param {ReadableStream<Uint8Array>} body @param {(event: { name: string, data: string }) => void} onEvent
 */
export async function readServerEvents(body, onEvent) {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    rest += decoder.decode(value, { stream: true });
    const blocks = rest.split(/\r?\n\r?\n/);
    rest = blocks.pop() ?? '';
    for (const block of blocks) onEvent(eventOf(block));
  }
}

/** @param {string} block */
function eventOf(block) {
  let name = 'message';
  /** @type {string[]} */
  const data = [];
  for (const line of block.split(/\r?\n/)) {
    const [, field, value] = /^(\w+): ?(.*)$/.exec(line) ?? [];
    if (field === 'event') name = value ?? '';
    else if (field === 'data') data.push(value ?? '');
  }
  return { name, data: data.join('\n') };
}
