import type { ExchangeConfig, ExchangeKind } from './schema.ts';

/**
 * What a kind of venue asks for, between default.yaml and the stage's own file. The paper venue's account stands in our own
 * tables, which observers on purpose cannot read: one source is all there is.
 */
export const KIND_SETTINGS: Readonly<Partial<Record<ExchangeKind, Record<string, unknown>>>> = {
  paper: { quorum: { quorum: 1, sources: ['own-table'], observers: [] } },
};

type Kind = Pick<ExchangeConfig, 'kind'>;

/** Without anybody's money: approved without a human, and at home on the simulator's prices. */
export const isPlay = ({ kind }: Kind): boolean => kind === 'simulator' || kind === 'paper';

/** True where an order must be signed. */
export const wantsTradingKey = ({ kind }: Kind): boolean => kind !== 'paper';

/** True where prices come from the exchange simulator that the local platform starts. */
export const takesSimulator = (exchange: Kind & Pick<ExchangeConfig, 'http_url' | 'ws_url'>): boolean =>
  exchange.kind === 'simulator' || (isPlay(exchange) && exchange.http_url === null && exchange.ws_url === null);
