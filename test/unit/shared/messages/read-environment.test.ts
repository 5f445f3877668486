import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { jsonSection } from '#shared/messages/json-section.ts';
import { EnvironmentError, readEnvironment } from '#shared/messages/read-environment.ts';

const schema = z.object({
  NAME: z.string().min(1),
  COUNT: z.coerce.number().int().max(10).default(5),
  PARTS: jsonSection(z.object({ size: z.number() })),
});

describe('readEnvironment', () => {
  it('gives the variables as their types, with defaults, and no others', () => {
    expect(readEnvironment(schema, { NAME: 'a', PARTS: '{"size":1}', HOME: '/root' })).toEqual({
      NAME: 'a',
      COUNT: 5,
      PARTS: { size: 1 },
    });
  });

  it('names every problem at once, and no value', () => {
    const act = () => readEnvironment(schema, { COUNT: 'hunter2', PARTS: '{"size":"hunter2"}' });

    expect(act).toThrow(EnvironmentError);
    expect(act).toThrow(/NAME: it is missing; COUNT: .*; PARTS\.size: /);
    expect(act).not.toThrow(/hunter2/);
  });

  it('says so when a section is not JSON', () => {
    expect(() => readEnvironment(schema, { NAME: 'a', PARTS: '{' })).toThrow('PARTS: expected JSON');
  });
});
