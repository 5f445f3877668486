import type { ExchangeSimulator } from '#local/exchange-simulator/exchange-simulator.ts';
import { createSimulatorFetch } from '#local/exchange-simulator/server/simulator-fetch.ts';
import { hyperliquidOnSimulator } from './hyperliquid-on-simulator.ts';

/** What the simulator answered to one question. */
export interface RememberedAnswer {
  readonly question: string;
  readonly type: string;
  readonly json: unknown;
}

/**
 * The real adapter on the simulator, whose answers are remembered: a question that was asked before is answered from memory, and one of
 * them by whatever the test puts in its place.
 */
export function spoiledVenue() {
  const remembered = new Map<string, RememberedAnswer>();
  let spoiled: RememberedAnswer | null = null;
  let simulator: ExchangeSimulator | null = null;
  const answer = async (input: string, init: RequestInit): Promise<Response> => {
    const body = JSON.parse(String(init.body));
    const type: string = body.type ?? body.action.type;
    // A signed request differs each time by its nonce.
    const question = body.action === undefined ? JSON.stringify(body) : `/exchange ${type}`;
    const known = remembered.get(question);
    if (known !== undefined) {
      const { json } = spoiled?.question === question ? spoiled : known;
      return new Response(JSON.stringify(json));
    }
    const response = await createSimulatorFetch(simulator!)(input, init);
    const text = await response.text();
    remembered.set(question, { question, type, json: JSON.parse(text) });
    return new Response(text, { status: response.status, headers: response.headers });
  };
  const world = hyperliquidOnSimulator({ fetch: answer });
  simulator = world.simulator;
  return {
    ...world,
    fetch: answer,
    answers: (): readonly RememberedAnswer[] => [...remembered.values()],
    /** Null: answers as they are. */
    spoil: (next: RememberedAnswer | null): void => {
      spoiled = next;
    },
    forget: (): void => {
      remembered.clear();
      spoiled = null;
    },
  };
}
