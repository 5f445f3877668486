import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { Checkpoints } from '#local/replay/checkpoint.ts';
import { StateDirectory } from '#local/state-directory.ts';

const dir = mkdtempSync(join(tmpdir(), '3t-checkpoint-'));
afterEach(() => rmSync(dir, { recursive: true, force: true }));

it('reads the note of a checkpoint of the release before, which had another word for a segment', () => {
  const counts = { slots: {}, invocations: {}, failures: {} };
  const note = { v: 1, identity: 'this', stretch: 7, atMs: 1, counts, equityStart: '10000', wallMs: 5 };
  mkdirSync(join(dir, 'checkpoint-7'));
  writeFileSync(join(dir, 'checkpoint-7', 'checkpoint.json'), JSON.stringify(note));
  const checkpoints = new Checkpoints(new StateDirectory(dir));

  expect(checkpoints.newest('this')?.note).toMatchObject({ segment: 7, interruptions: 0 });
  expect(checkpoints.newest('another')).toBeNull();
});
