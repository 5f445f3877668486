import { describe, expect, it } from 'vitest';
import { rememberRefusals } from '#functions/api/remember-refusals.ts';

describe('rememberRefusals', () => {
  it('forgets the longest untouched key when there are too many', () => {
    const refused = rememberRefusals(2);

    refused.remember('a', '1');
    refused.remember('b', '2');
    refused.remember('a', '1');
    refused.remember('c', '3');

    expect(['a', 'b', 'c'].map(refused.hashOf)).toEqual(['1', null, '3']);
  });
});
