import { describe, expect, it } from 'vitest';
import { chainTraceIn, parseTraceHeader, traceHeader, traceRootOf } from '#shared/telemetry/trace-header.ts';

describe('the trace of a chain', () => {
  it('is derived from the birth and the correlation id, in the form of X-Ray', () => {
    // The example of X-Ray's own documentation: 1-58406520-a006649127e371903a2de979 was begun at 2016-12-01 18:00:00 UTC.
    expect(traceRootOf({ correlationId: 'a006649127e371903a2de979', bornAtMs: 1_480_615_200_000 })).toBe(
      '1-58406520-a006649127e371903a2de979',
    );
  });

  it.each(['00112233445566aa', 'by-hand:42', 'ÄÖ', 'f'.repeat(64)])('has the form for the correlation id %s', (id) => {
    const root = traceRootOf({ correlationId: id, bornAtMs: 1_763_000_000_000 });

    expect(parseTraceHeader(traceHeader({ root, parent: null }))).toEqual({ root, parent: null });
  });

  it('differs between chains and not between ages of the process', () => {
    const of = (correlationId: string) => traceRootOf({ correlationId, bornAtMs: 1_763_000_000_000 });

    expect(of('by-hand:42')).toBe(of('by-hand:42'));
    expect(of('by-hand:42')).not.toBe(of('by-hand:43'));
  });
});

describe('AWSTraceHeader', () => {
  it('is read with Lambda’s additions, in any order', () => {
    const root = '1-5759e988-bd862e3fe1be46a994272793';

    expect(parseTraceHeader(`Parent=53995c3f42cd8ad8;Sampled=1;Root=${root};Lineage=a87bd80c:1|68fd508a:5`)).toEqual({
      root,
      parent: '53995c3f42cd8ad8',
    });
  });

  it.each(['', 'Root=1;Sampled=1', 'nonsense', 'Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=0'])(
    'is none when it says %j',
    (header) => expect(parseTraceHeader(header)).toBeNull(),
  );
});

describe('the trace that a message names', () => {
  it.each([
    '',
    'null',
    '[]',
    '{"trace":null}',
    '{"trace":{"correlationId":7,"bornAtMs":1}}',
    '{"trace":{"correlationId":"a"}}',
  ])('is none in %j', (text) => expect(chainTraceIn(text)).toBeNull());

  it('is found beside anything else', () => {
    expect(chainTraceIn('{"v":1,"trace":{"correlationId":"a","bornAtMs":5}}')).toEqual({
      correlationId: 'a',
      bornAtMs: 5,
    });
  });
});
