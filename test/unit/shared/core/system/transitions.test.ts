import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { permits } from '#shared/core/system/permissions.ts';
import type { SystemState } from '#shared/core/system/system-state.ts';
import { AUTOMATIC_APPROVAL, type SystemCommand, transition } from '#shared/core/system/transitions.ts';

const context = { exchange: 'hyperliquid', by: 'cli:ada', reason: 'because', atMs: 1_000 };
type Bare = SystemCommand extends infer C ? (C extends SystemCommand ? Omit<C, keyof typeof context> : never) : never;
const command = (bare: Bare): SystemCommand => ({ ...context, ...bare }) as SystemCommand;

/** Applies commands in turn; refusals and no-ops leave the state as it is. */
const run = (commands: readonly SystemCommand[], from: SystemState | null = null): SystemState | null =>
  commands.reduce<SystemState | null>((state, next) => {
    const result = transition(state, next);
    return result.kind === 'changed' ? result.next : state;
  }, from);

const start = command({ kind: 'start' });
const bootstrapped = (venueKind: 'simulator' | 'paper' | 'testnet' | 'live', approval: 'manual' | 'automatic') =>
  command({ kind: 'bootstrap-complete', venueKind, approval });
const reconciled = command({ kind: 'reconciled' });
const lock = (mode: 'freeze' | 'close-only' | 'flatten') => command({ kind: 'lock', mode });
const unlock = command({ kind: 'unlock' });
const healthy = run([start, bootstrapped('simulator', 'automatic'), reconciled])!;

describe('system state transitions', () => {
  it('waits for a human after the first bootstrap of a live venue', () => {
    const state = run([start, bootstrapped('live', 'manual')])!;

    expect(state).toMatchObject({ state: 'LOCKED', lockMode: 'freeze', approved: false, version: 2 });
    expect(permits(state, 'reduce').allowed).toBe(false);
  });

  it('names the automatic approval in the audit when a simulator asks for it', () => {
    const state = run([start, bootstrapped('simulator', 'automatic')])!;

    expect(state).toMatchObject({ state: 'RECONCILING', approved: true, changedBy: AUTOMATIC_APPROVAL });
    expect(state.reason).toContain('approval: automatic');
  });

  it.each(['testnet', 'live'] as const)('never approves a %s venue by itself', (kind) => {
    expect(run([start, bootstrapped(kind, 'automatic')])).toMatchObject({ state: 'LOCKED', approved: false });
  });

  it('goes LOCKED, RECONCILING, HEALTHY when a human unlocks', () => {
    const locked = run([start, bootstrapped('live', 'manual')])!;

    const unlocked = run([unlock], locked)!;

    expect(unlocked).toMatchObject({ state: 'RECONCILING', approved: true, lockMode: null });
    expect(run([reconciled], unlocked)).toMatchObject({ state: 'HEALTHY', version: 4 });
  });

  it('goes back to RECONCILING when an approved system restarts', () => {
    const restarted = transition(healthy, { ...start, atMs: 2_000 });

    expect(restarted).toMatchObject({ kind: 'changed', next: { state: 'RECONCILING', changedAtMs: 2_000 } });
  });

  it('measures freshness from the newest start when it restarts while reconciling', () => {
    const reconciling = run([start], healthy)!;

    expect(transition(reconciling, { ...start, atMs: 9_000 })).toMatchObject({ next: { changedAtMs: 9_000 } });
  });

  it('keeps a lock and its mode over a restart', () => {
    const locked = run([lock('flatten')], healthy)!;

    expect(run([start, bootstrapped('simulator', 'automatic'), reconciled], locked)).toBe(locked);
    expect(locked).toMatchObject({ lockMode: 'flatten', approved: true });
  });

  it('does not undo a lock of the bootstrap when the bootstrap then completes', () => {
    expect(run([start, lock('close-only'), bootstrapped('simulator', 'automatic')])).toMatchObject({ state: 'LOCKED' });
  });

  it.each(['BOOTSTRAPPING', 'RECONCILING', 'AUDITING'] as const)('refuses to unlock from %s and names it', (name) => {
    const result = transition({ ...healthy, state: name }, unlock);

    expect(result).toMatchObject({ kind: 'refused', refusal: { code: 'unlock-refused', numbers: { state: name } } });
    expect(result.kind === 'refused' && result.refusal.message).toContain(name);
  });

  it('treats unlock as done when HEALTHY', () => {
    expect(transition(healthy, unlock)).toEqual({ kind: 'no-op' });
  });

  it('changes the mode when locked again with another one', () => {
    const locked = run([lock('close-only')], healthy)!;

    expect(transition(locked, lock('close-only'))).toEqual({ kind: 'no-op' });
    expect(run([lock('freeze')], locked)).toMatchObject({ lockMode: 'freeze', version: locked.version + 1 });
  });

  it('freezes a restored database whatever its state was', () => {
    const restored = command({ kind: 'database-restored' });

    expect(run([restored], healthy)).toMatchObject({ state: 'LOCKED', lockMode: 'freeze' });
    expect(run([lock('close-only'), restored], healthy)).toMatchObject({ lockMode: 'freeze' });
    expect(run([restored, start])).toMatchObject({ state: 'LOCKED', approved: false });
  });

  it('reconciles again after a clock jump, but never out of a lock', () => {
    const jumped = command({ kind: 'clock-jumped' });

    expect(run([jumped], healthy)).toMatchObject({ state: 'RECONCILING' });
    expect(run([lock('close-only'), jumped], healthy)).toMatchObject({ state: 'LOCKED' });
  });

  it('reconciles while its installation is in doubt, once, and changes nothing that is stricter', () => {
    const doubted = command({ kind: 'installation-doubted' });
    const reconciling = run([doubted], healthy)!;

    expect(reconciling).toMatchObject({ state: 'RECONCILING', approved: true });
    expect(transition(reconciling, doubted)).toEqual({ kind: 'no-op' });
    expect(transition(run([lock('close-only')], healthy)!, doubted)).toEqual({ kind: 'no-op' });
    expect(transition(null, doubted)).toEqual({ kind: 'no-op' });
  });

  const anyCommand: fc.Arbitrary<SystemCommand> = fc
    .oneof(
      fc.constantFrom<Bare>(
        { kind: 'start' },
        { kind: 'reconciled' },
        { kind: 'unlock' },
        { kind: 'clock-jumped' },
        { kind: 'installation-doubted' },
        { kind: 'database-restored' },
      ),
      fc.record({ kind: fc.constant('lock' as const), mode: fc.constantFrom('freeze', 'close-only', 'flatten') }),
      fc.record({
        kind: fc.constant('bootstrap-complete' as const),
        venueKind: fc.constantFrom('simulator', 'paper', 'testnet', 'live'),
        approval: fc.constantFrom('manual', 'automatic'),
      }),
    )
    .map((bare) => command(bare as Bare));

  it('lets only unlock leave LOCKED, only reconciled reach HEALTHY, and only a human approve a live venue', () => {
    fc.assert(
      fc.property(fc.array(anyCommand, { maxLength: 30 }), (commands) => {
        let state: SystemState | null = null;
        for (const next of commands) {
          const result = transition(state, next);
          if (result.kind !== 'changed') continue;
          expect(result.next.version).toBe((state?.version ?? 0) + 1);
          if (state?.state === 'LOCKED' && result.next.state !== 'LOCKED') expect(next.kind).toBe('unlock');
          if (result.next.state === 'HEALTHY') {
            expect(next.kind).toBe('reconciled');
            expect(result.next.approved).toBe(true);
          }
          if (result.next.approved && !state?.approved && next.kind !== 'unlock') {
            expect(next).toMatchObject({ kind: 'bootstrap-complete', approval: 'automatic' });
            expect(next.kind === 'bootstrap-complete' && ['simulator', 'paper'].includes(next.venueKind)).toBe(true);
          }
          state = result.next;
        }
      }),
    );
  });
});
