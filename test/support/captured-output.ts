import { vi } from 'vitest';

/** What the process writes while `work` runs, by line; nothing of it reaches the terminal. */
export async function capturedOutput(work: () => unknown): Promise<readonly string[]> {
  const chunks: string[] = [];
  const take = (chunk: unknown): boolean => {
    chunks.push(String(chunk));
    return true;
  };
  const spies = [process.stdout, process.stderr].map((stream) => vi.spyOn(stream, 'write').mockImplementation(take));
  try {
    await work();
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
  return chunks
    .join('')
    .split('\n')
    .filter((line) => line !== '');
}
